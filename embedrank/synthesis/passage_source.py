"""The passages of a run, read again from the beginning as often as they are wanted, and what is none of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from embedrank.core.errors import DatasetError
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.passages import NoPassage, files_of, read_passages
from embedrank.synthesis.passages_config import PassagesConfig

_TOLD_EVERY = 1000


class PassageSource:
    """Reads what the settings name.

    Attributes:
        left_out: Records that are no passages, by reason; known after `count`.
        examples: Where the first of each reason stands.
    """

    def __init__(self, config: PassagesConfig) -> None:
        """Take the settings; nothing is read yet.

        Args:
            config: Files and fields.
        """
        self._config = config
        self.left_out: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def __call__(self) -> Iterator[Passage]:
        """All passages from the beginning."""
        return (item for item in read_passages(self._config) if isinstance(item, Passage))

    def count(self, tell: Callable[[int], None]) -> int:
        """Read everything once, so that nothing is paid for before all of it is known to be sound.

        Args:
            tell: Told the number of passages now and then.

        Returns:
            Passages.

        Raises:
            DatasetError: If a file is missing or damaged, or there is no passage at all.
        """
        self.left_out.clear()
        found = 0
        for item in read_passages(self._config):
            if isinstance(item, NoPassage):
                self.left_out[item.reason] += 1
                self.examples.setdefault(item.reason, item.where)
                continue
            found += 1
            if found % _TOLD_EVERY == 0:
                tell(found)
        if not found:
            named = ", ".join(self._config.corpus) or "passages.corpus"
            raise DatasetError(named, f"holds no passage ({sum(self.left_out.values())} records left out)")
        return found

    def stamps(self) -> dict[str, str]:
        """Size and time of change of each file, by its name."""
        stats = {path: path.stat() for path in files_of(self._config)}
        return {f"input {path}": f"{stat.st_size} bytes of {stat.st_mtime_ns}" for path, stat in stats.items()}


def is_corpus(path: Path) -> bool:
    """Whether the reader of passages takes a path itself: JSON lines, or a folder with a corpus.

    Args:
        path: File or folder.

    Returns:
        Whether it does; other files and folders hold documents.
    """
    name = path.name.removesuffix(".gz")
    if path.is_dir():
        return any((path / corpus).is_file() for corpus in ("corpus.jsonl", "corpus.jsonl.gz"))
    return name.endswith((".jsonl", ".ndjson"))
