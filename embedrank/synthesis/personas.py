"""Personas: who might ask. A library of our own, public lists, and the most relevant ones for each passage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from embedrank.core.errors import DatasetError
from embedrank.core.protocols import Encoder
from embedrank.core.types import joined_text
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.passage import Passage
from embedrank.synthesis.personas_config import PersonasConfig
from embedrank.synthesis.spread import hashed
from embedrank.synthesis.text_lines import Undecodable, lines_of

INSTRUCTION: Final = "Given a description of a person, retrieve passages that this person would look for"
_JSON_SUFFIXES: Final = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_LEAST_OF_DOMAIN: Final = 20
_READ_CHARS: Final = (
    1000  # of a passage: its beginning tells what it is about, and a long one takes as long as its length
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Somebody who might ask.

    Attributes:
        text: One sentence.
        domains: Domain presets that the person belongs to.
    """

    text: str
    domains: tuple[str, ...] = ()


def load_personas(config: PersonasConfig, domain: str | None = None) -> list[Persona]:
    """Read the personas of a run.

    Args:
        config: Files; none for the library of this package.
        domain: A domain preset; leaves its own, if there are enough of them. Lists that name no domains stay whole.

    Returns:
        Personas, each text once, in the order of the files.

    Raises:
        DatasetError: If a file cannot be read or holds no personas.
    """
    paths = [Path(name) for name in config.files] or [data_file("personas.jsonl")]
    found = {persona.text: persona for path in paths for persona in read_personas(path)}
    of_domain = [persona for persona in found.values() if domain in persona.domains]
    return of_domain if len(of_domain) >= _LEAST_OF_DOMAIN else list(found.values())


def read_personas(path: Path) -> Iterator[Persona]:
    """Read one list.

    Args:
        path: JSON lines with a field `persona` (and perhaps `domains`), or text with one persona a line; gzipped if it
            ends in `.gz`.

    Yields:
        Personas.

    Raises:
        DatasetError: If a line is no persona, or there is none.
    """
    is_json = path.name.endswith(_JSON_SUFFIXES)
    number = 0
    for number, line in lines_of(path):
        if isinstance(line, Undecodable):
            raise DatasetError(path, f"is not UTF-8: {line.problem}", line=number)
        yield _from_json(path, number, line) if is_json else Persona(text=" ".join(line.split()))
    if not number:
        raise DatasetError(path, "holds no personas")


def _from_json(path: Path, number: int, line: str) -> Persona:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DatasetError(path, f"is not JSON: {error}", line=number) from None
    text = record.get("persona") if isinstance(record, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise DatasetError(path, "has no field 'persona' with text", line=number)
    domains = record.get("domains") or ()
    if not isinstance(domains, list | tuple):
        raise DatasetError(path, "field 'domains' is no list", line=number)
    return Persona(text=" ".join(text.split()), domains=tuple(map(str, domains)))


class NearestPersonas:
    """The personas whose vectors are nearest to a passage's; vectors of personas are computed once.

    Source: Qwen3 Embedding report, arXiv 2506.05176, section 3.2: the five most relevant by a retrieval model.
    """

    def __init__(self, personas: Sequence[Persona], encoder: Encoder, *, num_candidates: int) -> None:
        """Embed the personas.

        Args:
            personas: At least one.
            encoder: Embeds personas as queries and the beginnings of passages as documents.
            num_candidates: Personas for each passage; fewer where there are fewer.
        """
        self._texts = [persona.text for persona in personas]
        self._encoder = encoder
        self._num = min(num_candidates, len(self._texts))
        self._vectors = encoder.encode_queries(self._texts, instruction=INSTRUCTION)

    def candidates(self, passages: Sequence[Passage]) -> list[tuple[str, ...]]:
        """Personas for each passage, the most relevant first."""
        if not passages:
            return []
        texts = [joined_text(passage.title, passage.text[:_READ_CHARS]) for passage in passages]
        cosines = self._encoder.encode_documents(texts) @ self._vectors.T
        order = np.argsort(-cosines, axis=1, kind="stable")[:, : self._num]
        return [tuple(self._texts[place] for place in row) for row in order]


class DrawnPersonas:
    """Some personas for each passage, drawn by its id: what remains where there is no encoder."""

    def __init__(self, personas: Sequence[Persona], *, num_candidates: int, seed: int) -> None:
        """Set up.

        Args:
            personas: At least one.
            num_candidates: Personas for each passage; fewer where there are fewer.
            seed: Decides who is drawn.
        """
        self._texts = [persona.text for persona in personas]
        self._num = min(num_candidates, len(self._texts))
        self._seed = seed

    def candidates(self, passages: Sequence[Passage]) -> list[tuple[str, ...]]:
        """Personas for each passage, no one twice, in the order they were drawn."""
        return [self._drawn(passage.id) for passage in passages]

    def _drawn(self, name: str) -> tuple[str, ...]:
        generator = np.random.default_rng(hashed("personas", self._seed, name))
        return tuple(self._texts[place] for place in generator.permutation(len(self._texts))[: self._num])
