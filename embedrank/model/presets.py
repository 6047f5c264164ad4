"""Models that have a short name here; the list is `presets.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A pair of models that belong together.

    Attributes:
        name: What users type.
        embedder: Hub id, or `bundled:` and a folder of the package's `data/models`.
        reranker: The same for the reranker.
        parameters: Numbers stored in the embedder.
        description: One line.
    """

    name: str
    embedder: str
    reranker: str
    parameters: int
    description: str


@cache
def presets() -> Mapping[str, Preset]:
    """All presets by name."""
    raw = json.loads(resources.files("embedrank.model").joinpath("presets.json").read_text(encoding="utf-8"))
    return MappingProxyType({name: Preset(name=name, **fields) for name, fields in raw.items()})
