"""A whole run as one YAML file says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.core.settings import build
from embedrank.synthesis.filters import filter_configs
from embedrank.synthesis.generators.budget import BudgetConfig
from embedrank.synthesis.generators.registry import GeneratorChoice
from embedrank.synthesis.passages_config import PassagesConfig
from embedrank.synthesis.plan_config import PlanConfig

DEFAULT_FILTERS: Final = ("schema", "length", "language", "refusal", "copied", "duplicates")
"""Those that need neither a model nor a choice."""

_MAY_CHANGE: Final = frozenset({"budget", "limit", "cache", "blocks_in_flight"})
_GENERATORS: Final = ("generator", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesisConfig:
    """Settings of a run.

    Attributes:
        passages: What rows are written for.
        plan: What they shall be like.
        generator: Who writes.
        judge: Who answers the filter `judge`; None is the generator.
        filters: Name of a filter to its settings, in the order of the chain.
        encoder: Name of the embedding model that finds personas and that filters use; None for personas by lot.
        budget: Caps of the whole run, of generator and judge together.
        cache: File of answers that were paid for; None is one in the output folder. Runs may share one.
        seed: Of plan, personas and sampling.
        limit: Most passages to read; None for all.
        block_passages: Passages that are written at a time, and that a kill can lose (not their answers).
        blocks_in_flight: Blocks that are worked on at a time, so that the endpoint is busy at the tail of one.
    """

    passages: PassagesConfig = field(default_factory=PassagesConfig)
    plan: PlanConfig = field(default_factory=PlanConfig)
    generator: GeneratorChoice = field(default_factory=GeneratorChoice)
    judge: GeneratorChoice | None = None
    filters: Mapping[str, Any] = field(default_factory=lambda: dict.fromkeys(DEFAULT_FILTERS))
    encoder: str | None = "nano"
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    cache: str | None = None
    seed: int = 0
    limit: int | None = None
    block_passages: int = 64
    blocks_in_flight: int = 2

    def __post_init__(self) -> None:
        for name, least in (("seed", 0), ("block_passages", 1), ("blocks_in_flight", 1), ("limit", 1)):
            value = getattr(self, name)
            if name == "limit" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ConfigError("synthesis", name, value, f"must be a whole number of at least {least}")
        if not isinstance(self.filters, Mapping):
            raise ConfigError("synthesis", "filters", self.filters, "must be a mapping of filters to their settings")
        filter_configs(self.filters)
        self._check_judge()
        self._check_prices()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> SynthesisConfig:
        """Read the settings of a YAML file.

        Args:
            settings: Its content.

        Returns:
            The checked configuration.

        Raises:
            ConfigError: If a key is unknown, missing or unsound.
        """
        read = dict(settings)
        for name in _GENERATORS:
            if isinstance(read.get(name), Mapping):
                read[name] = GeneratorChoice.of(read[name])
            elif read.get(name) is not None:
                raise ConfigError("synthesis", name, read[name], "must be a mapping with `kind`")
        for name, kind in (("passages", PassagesConfig), ("plan", PlanConfig), ("budget", BudgetConfig)):
            if not isinstance(read.setdefault(name, {}), Mapping):
                raise ConfigError("synthesis", name, read[name], f"must be a mapping: {', '.join(_names(kind))}")
        if read.get("generator") is None:
            read.pop("generator", None)
        return build(cls, read)

    @property
    def writers(self) -> tuple[GeneratorChoice, ...]:
        """Generator and judge, those behind which a language model stands."""
        return tuple(each for each in (self.generator, self.judge) if each is not None and each.reads_prose)

    def decisive(self) -> dict[str, object]:
        """What decides the rows, by dotted name: a run that was begun with something else cannot go on."""
        values = {name: value for name, value in asdict(self).items() if name not in (*_MAY_CHANGE, *_GENERATORS)}
        values["generator"] = self.generator.decisive
        values["judge"] = None if self.judge is None else self.judge.decisive
        values["order of filters"] = list(self.filters)
        return dict(_flat(values))

    def _check_judge(self) -> None:
        if "judge" in self.filters and not (self.judge or self.generator).reads_prose:
            raise ConfigError(
                "filters", "judge", "generator", "needs a language model: set `judge: {kind: openai, ...}`"
            )

    def _check_prices(self) -> None:
        if self.budget.money is None:
            return
        for each in self.writers:
            prices = getattr(each.config, "prices", None)
            if prices is None or not prices.are_set:
                raise ConfigError("budget", "money", self.budget.money, f"needs the prices of generator {each.kind}")


def _names(kind: Any) -> Iterator[str]:
    return (each.name for each in fields(kind))


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Nested mappings by dotted names; an empty one stays as it is."""
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
