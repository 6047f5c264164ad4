"""A stage as one YAML file: what learns, from which rows, by which loss, how long, and what decides on the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.core.settings import build, put_in, read_yaml
from embedrank.model.provenance import KINDS
from embedrank.training.data.source import SourceConfig, sources_of
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.embedder_distil import EmbedderDistilConfig
from embedrank.training.loop_config import LoopConfig
from embedrank.training.lora.config import LoraConfig
from embedrank.training.losses.for_rerankers import RERANKER_LOSSES
from embedrank.training.mixture_config import MixtureConfig
from embedrank.training.replay import ReplayConfig
from embedrank.training.reranker_config import RerankerObjectiveConfig
from embedrank.training.stages.gate import GateConfig
from embedrank.training.stages.judged import JudgedSet

ATTENTION: Final = ("causal", "bidirectional")
TAUGHT: Final = "vectors"
OBJECTIVES: Final = {"embedder": EmbedderObjectiveConfig, "reranker": RerankerObjectiveConfig}
_NAME: Final = "StageConfig"


@dataclass(frozen=True, slots=True, kw_only=True)
class DevConfig(JudgedSet):
    """The development set, and what follows from it.

    Attributes:
        metric: The figure that decides; larger is better.
        patience: Looks without a gain after which training stops; None never stops.
        min_gain: What counts as a gain.
        keep_best: Models kept beside the final one, the best by the figure.
    """

    metric: str = "ndcg_at_10"
    patience: int | None = None
    min_gain: float = 0.0
    keep_best: int = 1

    def __post_init__(self) -> None:
        JudgedSet.__post_init__(self)
        for name in ("patience", "keep_best"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError("DevConfig", name, value, "must be at least 1")
        if self.min_gain < 0:
            raise ConfigError("DevConfig", "min_gain", self.min_gain, "must be 0 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherConfig:
    """Who judges in distillation.

    Attributes:
        kind: `embedder` or `reranker`; `vectors` for those that a teacher gave beforehand.
        model: Preset, folder or hub id; for `vectors` the folder of `training/taught.py`.
    """

    kind: str
    model: str

    def __post_init__(self) -> None:
        if self.kind not in (*KINDS, TAUGHT):
            raise ConfigError("TeacherConfig", "kind", self.kind, f"must be one of {', '.join((*KINDS, TAUGHT))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StageConfig:
    """One stage.

    Attributes:
        kind: `embedder` or `reranker`.
        model: Where the weights start: a preset, folder or hub id of a base, instructed, embedding or reranking model.
        attention: `causal` or `bidirectional`; None keeps what the model says.
        max_length: Most tokens the finished model reads; None keeps what the model says.
        sources: Rows by the name under which they are mixed.
        mixture: How they are mixed.
        objective: The loss and what is read of a row.
        loop: Steps, rates, precision, devices, checkpoints.
        distil: Distillation into an embedder; for rerankers `objective.loss` says it.
        teacher: The model that judges; None takes the rows' `teacher_scores`.
        lora: Low-rank adapters; None trains all weights.
        dev: The development set.
        replay: Old rows among the new ones, against forgetting.
        gate: Sets that the finished model must not lose on; a worse one is refused.
        device: Where to train; None takes the fastest there.
    """

    kind: str
    model: str
    sources: Mapping[str, SourceConfig]
    mixture: MixtureConfig
    objective: EmbedderObjectiveConfig | RerankerObjectiveConfig
    loop: LoopConfig
    attention: str | None = None
    max_length: int | None = None
    distil: EmbedderDistilConfig | None = None
    teacher: TeacherConfig | None = None
    lora: LoraConfig | None = None
    dev: DevConfig | None = None
    replay: ReplayConfig | None = None
    gate: GateConfig | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        if self.attention is not None and self.attention not in ATTENTION:
            raise ConfigError(_NAME, "attention", self.attention, f"must be one of {', '.join(ATTENTION)}")
        if not self.sources:
            raise ConfigError(_NAME, "sources", {}, "must name a source of rows")
        if self.distil is not None and self.kind == "reranker":
            raise ConfigError(_NAME, "distil", self.distil.loss, "is for embedders; say objective.loss: kl")
        if self.teacher is not None and not self._asks_teacher:
            raise ConfigError(_NAME, "teacher", self.teacher.model, "is asked nothing by this loss")
        if self.lora is not None and self.loop.parallel == "fsdp":
            raise ConfigError(_NAME, "lora", "adapters", "cannot be trained in shards; use loop.parallel: ddp")
        if self.lora is not None and self.loop.compile:
            raise ConfigError(_NAME, "lora", "adapters", "cannot be compiled here; set loop.compile: false")

    @property
    def _asks_teacher(self) -> bool:
        if isinstance(self.objective, RerankerObjectiveConfig):
            return RERANKER_LOSSES[self.objective.loss].needs_teacher
        return self.distil is not None

    @classmethod
    def from_mapping(cls, settings: Mapping[str, Any]) -> StageConfig:
        """Build it from plain values.

        Args:
            settings: As YAML holds them; a source may be a list of files.

        Returns:
            The checked configuration.

        Raises:
            ConfigError: If a key is unknown, missing or unsound.
        """
        kind = settings.get("kind", "embedder")
        if kind not in KINDS:
            raise ConfigError(_NAME, "kind", kind, f"must be one of {', '.join(KINDS)}")
        values = {**settings, "kind": kind}
        if not isinstance(settings.get("objective"), Mapping):
            raise ConfigError(_NAME, "objective", settings.get("objective"), "must be a mapping")
        values["objective"] = build(OBJECTIVES[kind], settings["objective"])
        values["sources"] = sources_of(_NAME, settings.get("sources"))
        if isinstance(settings.get("replay"), Mapping):
            values["replay"] = ReplayConfig.from_mapping(settings["replay"])
        return build(cls, values)

    @classmethod
    def read(cls, path: Path, overrides: Mapping[str, Any]) -> StageConfig:
        """Read a YAML file.

        Args:
            path: The file.
            overrides: Dotted names, such as `loop.num_steps`, to values that replace those of the file.

        Returns:
            The checked configuration.

        Raises:
            InvalidInputError: If the file cannot be read.
            ConfigError: If a key is unknown, missing or unsound.
        """
        settings = read_yaml(path)
        for name, value in overrides.items():
            put_in(settings, name, value)
        return cls.from_mapping(settings)
