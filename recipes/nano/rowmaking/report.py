"""Counts of kept and dropped rows, as a table and as JSON."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class SourceCount:
    """What became of the candidate rows of one source."""

    name: str
    licence: str
    kept: int = 0
    cut: int = 0  # kept rows with a shortened text
    dropped: Counter[str] = field(default_factory=Counter)

    def as_record(self) -> dict[str, object]:
        """Return the counts as plain values."""
        return {
            "licence": self.licence,
            "kept": self.kept,
            "cut": self.cut,
            "dropped": dict(sorted(self.dropped.items())),
        }


def render_table(counts: list[SourceCount]) -> str:
    """Lay out one line a source, one column a drop reason, and a line of totals."""
    reasons = sorted({reason for count in counts for reason in count.dropped})
    header = ["source", "kept", "cut", *reasons]
    lines = [[c.name, c.kept, c.cut, *(c.dropped[r] for r in reasons)] for c in counts]
    totals = [sum(c.dropped[r] for c in counts) for r in reasons]
    lines.append(["total", sum(c.kept for c in counts), sum(c.cut for c in counts), *totals])
    cells = [header, *([str(cell) for cell in line] for line in lines)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(header))]
    return "\n".join("  ".join(c.rjust(w) for c, w in zip(li, widths, strict=True)) for li in cells)
