"""Everything that a report counts, in one pass over kept rows and dropped drafts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from embedrank.synthesis.report.dimensions import TOLERANCE, Dimensions
from embedrank.synthesis.report.diversity import distinct, self_bleu
from embedrank.synthesis.report.examples import DroppedExamples, KeptExamples
from embedrank.synthesis.report.facts import RunFacts
from embedrank.synthesis.report.funnel import Funnel
from embedrank.synthesis.report.sample import Sample
from embedrank.synthesis.report.spread import Spread
from embedrank.synthesis.words import num_words, words_of

_DIVERSITY_SAMPLE: Final = 1000
_MOST_VALUES: Final = 40

Fields = Mapping[str, Any]


class Tally:
    """Takes in what the output files hold, line by line."""

    def __init__(self, told: RunFacts) -> None:
        """Begin with nothing counted.

        Args:
            told: What the files do not tell.
        """
        self._told = told
        self._num_kept = 0
        self._funnel = Funnel(told.stages, told.filters)
        self._dimensions = Dimensions(told.asked)
        self._kept, self._dropped = KeptExamples(), DroppedExamples()
        self._queries: Sample[list[str]] = Sample(_DIVERSITY_SAMPLE)
        self._lengths = {"query": Spread(), "positive": Spread()}
        self._figures: dict[str, Spread] = {}
        self._values: dict[str, Counter[str]] = {name: Counter() for name in ("lang", "source", "task")}
        self._num_instead = 0

    def keep(self, row: Fields, made: Fields) -> None:
        """Count a row.

        Args:
            row: A line of `rows.jsonl`.
            made: The line of `made.jsonl` that belongs to it.
        """
        key = made["key"]
        self._num_kept += 1
        length = num_words(row["query"])
        self._dimensions.add(made["wish"], length)
        self._kept.add(row, made)
        self._lengths["query"].add(key, length)
        self._lengths["positive"].add(key, num_words(row["positives"][0]))
        self._queries.offer(key, [word.lower() for word in words_of(row["query"])])
        for name, value in made.get("figures", {}).items():
            self._figures.setdefault(name, Spread()).add(key, value)
        for name, counts in self._values.items():
            counts[str(row.get(name) or "-")] += 1
        self._num_instead += "instead_of" in made["wish"]

    def drop(self, dropped: Fields) -> None:
        """Count a draft that came to nothing.

        Args:
            dropped: A line of `dropped.jsonl`.
        """
        self._funnel.drop(dropped["stage"], dropped["reason"])
        self._dropped.add(dropped)
        if "wish" in dropped:
            self._dimensions.add(dropped["wish"], None)
            self._num_instead += "instead_of" in dropped["wish"]

    def report(self) -> dict[str, Any]:
        """All counts as JSON values."""
        told = asdict(self._told)
        accounts = {
            "passages": self._told.passages,
            "drafts": self._told.drafts,
            "kept": self._num_kept,
            "dropped": self._funnel.num_dropped,
            "adds_up": self._told.drafts == self._num_kept + self._funnel.num_dropped,
            "of_another_kind": self._num_instead,
        }
        run_names = ("generator", "seconds", "requests", "cached", "failed", "prompt_tokens", "completion_tokens")
        return {
            "accounts": accounts,
            "run": {name: told[name] for name in (*run_names, "cost", "currency", "stopped")},
            "funnel": self._funnel.report(self._num_kept),
            "tolerance": TOLERANCE,
            "dimensions": self._dimensions.report(),
            "values": {name: _largest(counts) for name, counts in self._values.items()},
            "lengths": {name: spread.report() for name, spread in self._lengths.items() if self._num_kept},
            "figures": {name: spread.report() for name, spread in sorted(self._figures.items())},
            "diversity": self._diversity(),
            "examples": self._kept.report(),
            "losses": self._dropped.report(),
        }

    def _diversity(self) -> dict[str, float]:
        queries = self._queries.items()
        shares = {f"distinct_{order}": distinct(queries, order) for order in (1, 2, 3)}
        return {"num_queries": len(queries), **shares, "self_bleu": self_bleu(queries)}


def _largest(counts: Counter[str]) -> list[dict[str, Any]]:
    """Counts by value, the largest first; what is past the fortieth is one entry."""
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    shown = [{"value": value, "count": count} for value, count in ranked[:_MOST_VALUES]]
    rest = sum(count for _, count in ranked[_MOST_VALUES:])
    return [*shown, {"value": f"{len(ranked) - _MOST_VALUES} more", "count": rest}] if rest else shown
