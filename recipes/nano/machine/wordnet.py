"""Words of WordNet with their glosses."""

import re
from collections.abc import Iterator
from pathlib import Path

from machine.pair import Pair, tidy

_LINE = re.compile(r"^\d{8} \d\d [nvars] ([0-9a-f]{2}) (.*?) \| (.*)$")
_EXAMPLE = re.compile(r'"([^"]+)"')


def glosses(folder: Path) -> Iterator[tuple[list[str], str, list[str]]]:
    """Yield the words of a meaning, its gloss, and its examples."""
    for path in sorted(folder.glob("data.*")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            match = _LINE.match(line)
            if match:
                fields = match.group(2).split(" ")
                words = [fields[2 * i].replace("_", " ") for i in range(int(match.group(1), 16))]
                gloss, *_ = match.group(3).split('; "')
                yield words, tidy(gloss), [tidy(e) for e in _EXAMPLE.findall(match.group(3))]


def english_glosses(folder: Path) -> Iterator[Pair]:
    """Yield the words of a meaning, its gloss, both together, and its longer examples as English texts."""
    for words, gloss, examples in glosses(folder):
        yield Pair(", ".join(words[:3]), "", "en", "wordnet")
        yield Pair(f"{words[0]}: {gloss}", "", "en", "wordnet")
        yield from (Pair(example, "", "en", "wordnet") for example in examples if len(example) > 30)


def defined_words(folder: Path) -> Iterator[Pair]:
    """Yield (gloss, words): a question and its answer, so to speak."""
    for words, gloss, _ in glosses(folder):
        yield Pair(gloss, ", ".join(words[:3]), "en", "wordnet")
