"""What `embedrank mine` is asked for: a YAML file, and the options given beside it, which win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from embedrank.cli.wiring import DEFAULT_MODEL
from embedrank.core.errors import ConfigError
from embedrank.training.negatives.config import MiningConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class MineSettings:
    """A whole run but for its input and output.

    Attributes:
        model: Names of the encoders.
        reranker: Name of the reranker that has a veto; None for none.
        corpus: File or BEIR folder with the documents; None for those of the rows.
        split: Of a BEIR folder that stands for rows.
        negatives: Bounds, and how to draw.
    """

    model: tuple[str, ...] = (DEFAULT_MODEL,)
    reranker: str | None = None
    corpus: str | None = None
    split: str = "train"
    negatives: MiningConfig = field(default_factory=MiningConfig)

    def __post_init__(self) -> None:
        if not isinstance(self.model, tuple) or not self.model or len(set(self.model)) < len(self.model):
            raise ConfigError("mine", "model", self.model, "must be a list of different models")
        for name in ("reranker", "corpus"):
            if not isinstance(getattr(self, name), str | None):
                raise ConfigError("mine", name, getattr(self, name), "must be one name")
        if not isinstance(self.negatives, MiningConfig):
            raise ConfigError("mine", "negatives", self.negatives, "must be a mapping of settings")


def mine_settings(path: Path | None, given: Mapping[str, object]) -> MineSettings:
    """Put file and options together.

    Args:
        path: YAML with the fields of `MineSettings`; None for none.
        given: Options by field name, of this and of `MiningConfig`; None where an option was not given.

    Returns:
        The checked settings.

    Raises:
        ConfigError: If a key is unknown or a value out of range.
        InvalidInputError: If the file cannot be read.
    """
    from embedrank.core.settings import build, read_yaml

    settings = {} if path is None else read_yaml(path)
    options = {name: value for name, value in given.items() if value is not None}
    own = {each.name for each in fields(MineSettings)}
    settings |= {name: value for name, value in options.items() if name in own}
    inner = settings.get("negatives") or {}
    if isinstance(inner, Mapping):
        settings["negatives"] = {**inner, **{name: value for name, value in options.items() if name not in own}}
    return build(MineSettings, settings)
