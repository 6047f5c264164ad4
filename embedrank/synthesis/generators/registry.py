"""All generators by the name that settings choose them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.core.protocols import TextGenerator
from embedrank.core.settings import build
from embedrank.synthesis.generators.extractive import ExtractiveGenerator
from embedrank.synthesis.generators.meter import Meter
from embedrank.synthesis.generators.openai import OpenAIGenerator
from embedrank.synthesis.generators.openai_config import OpenAIConfig
from embedrank.synthesis.generators.transformers import TransformersConfig, TransformersGenerator
from embedrank.synthesis.generators.vllm import VLLMConfig, VLLMGenerator

EXTRACTIVE: Final = "extractive"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractiveConfig:
    """Rules have nothing to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorKind:
    """A generator that can be chosen.

    Attributes:
        config: Its configuration.
        make: Makes it from a configuration, a meter, and the API key where it takes one.
        reads_prose: Whether a language model stands behind it; else it needs no meter either.
        may_change: Fields that decide where and how fast answers are made, and not which: a run may go on with others.
    """

    config: type[Any]
    make: Callable[[Any, Any, str | None], TextGenerator]
    reads_prose: bool = True
    may_change: frozenset[str] = frozenset()


GENERATORS: Final[Mapping[str, GeneratorKind]] = {
    EXTRACTIVE: GeneratorKind(
        config=ExtractiveConfig, make=lambda config, meter, key: ExtractiveGenerator(), reads_prose=False
    ),
    "openai": GeneratorKind(
        config=OpenAIConfig,
        make=lambda config, meter, key: OpenAIGenerator(config, meter, key=key),
        may_change=frozenset(
            {"base_url", "key_env", "concurrency", "timeout_s", "connect_timeout_s", "prices", "retry"}
        ),
    ),
    "transformers": GeneratorKind(
        config=TransformersConfig,
        make=lambda config, meter, key: TransformersGenerator(config, meter),
        may_change=frozenset({"device", "batch_size"}),
    ),
    "vllm": GeneratorKind(
        config=VLLMConfig,
        make=lambda config, meter, key: VLLMGenerator(config, meter),
        may_change=frozenset({"engine", "batch_size"}),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratorChoice:
    """A generator and its settings.

    Attributes:
        kind: Key in `GENERATORS`.
        config: Of the class that belongs to it.
    """

    kind: str = EXTRACTIVE
    config: Any = ExtractiveConfig()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> GeneratorChoice:
        """Read settings.

        Args:
            settings: `kind`, and the fields of its configuration.

        Returns:
            The choice.

        Raises:
            ConfigError: If a key is unknown, missing or unsound.
        """
        kind: Any = settings.get("kind")
        if kind not in GENERATORS:
            raise ConfigError("generator", "kind", kind, f"must be one of {', '.join(GENERATORS)}")
        rest = {name: value for name, value in settings.items() if name != "kind"}
        return cls(kind=kind, config=build(GENERATORS[kind].config, rest))

    @property
    def name(self) -> str:
        """What reports call it: the model, or what it is where it has none."""
        return str(getattr(self.config, "model", self.kind))

    @property
    def reads_prose(self) -> bool:
        """Whether a language model stands behind it."""
        return GENERATORS[self.kind].reads_prose

    @property
    def decisive(self) -> dict[str, Any]:
        """What decides its answers, by name."""
        may_change = GENERATORS[self.kind].may_change
        fields = {name: value for name, value in asdict(self.config).items() if name not in may_change}
        return {"kind": self.kind, **fields}

    def make(self, meter: Meter | None, key: str | None) -> TextGenerator:
        """Make the generator.

        Args:
            meter: Cache and budget; None for one that reads no prose.
            key: API key, for generators that take one.

        Returns:
            It.
        """
        assert meter is not None or not self.reads_prose
        return GENERATORS[self.kind].make(self.config, meter, key)
