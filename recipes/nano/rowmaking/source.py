"""The table of sources: what is read, how, and under which instruction."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TEST_ONLY = frozenset({"xquad", "qed_nq", "squad_it"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One training file: the set it comes from and how its rows are made."""

    name: str
    kind: str
    set: str
    instruction: str
    task: str = "retrieval"
    lang: str = ""
    splits: str = "train*"  # pattern of the split names to read
    min_score: int = 1
    max_positives: int = 4
    generic_above: int = 0  # a query with more relevant documents is too generic; 0: no limit
    num_negatives: int = 0
    cap: int = 0  # 0: no limit
    cap_per_lang: int = 0
    per_document: int = 1
    pairs: tuple[tuple[str, str], ...] = ()
    code: bool = False

    def __post_init__(self) -> None:
        """Refuse sets that are for testing only."""
        if self.set in TEST_ONLY:
            raise ValueError(f"{self.name}: {self.set} is for testing only")


def load_sources(path: Path) -> list[Source]:
    """Read the source table.

    Args:
        path: YAML file with `instructions` (by key) and `sources`.

    Raises:
        TypeError: An entry has an unknown key.
        ValueError: An entry names a test-only set.
    """
    table: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    instructions: dict[str, str] = table["instructions"]
    return [_source(entry, instructions) for entry in table["sources"]]


def _source(entry: dict[str, Any], instructions: dict[str, str]) -> Source:
    pairs = tuple((a, b) for a, b in entry.pop("pairs", []))
    name = entry["name"]
    instruction = instructions[entry.pop("instruction")]
    return Source(**{"set": name, "pairs": pairs, "instruction": instruction, **entry})
