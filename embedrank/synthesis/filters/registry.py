"""All filters by the name that settings choose them by, the cheap ones first, as a chain best has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from embedrank.core.errors import ConfigError
from embedrank.core.settings import build
from embedrank.synthesis.filters.balance import BalanceConfig, BalanceFilter
from embedrank.synthesis.filters.copied import CopiedConfig, CopiedFilter
from embedrank.synthesis.filters.cosine import CosineConfig, CosineFilter
from embedrank.synthesis.filters.decontaminate import DecontaminateConfig, DecontaminateFilter
from embedrank.synthesis.filters.duplicates import DuplicatesConfig, DuplicatesFilter
from embedrank.synthesis.filters.filter import Filter
from embedrank.synthesis.filters.judge import JudgeConfig, JudgeFilter
from embedrank.synthesis.filters.language import LanguageConfig, LanguageFilter
from embedrank.synthesis.filters.length import LengthConfig, LengthFilter
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.refusal import RefusalConfig, RefusalFilter
from embedrank.synthesis.filters.round_trip import RoundTripConfig, RoundTripFilter
from embedrank.synthesis.filters.schema import SchemaConfig, SchemaFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterKind:
    """A filter that can be chosen.

    Attributes:
        config: Its configuration.
        make: Makes it from a configuration and what settings cannot hold.
    """

    config: type[Any]
    make: Callable[[Any, FilterNeeds], Filter]


FILTERS: Final[Mapping[str, FilterKind]] = {
    "schema": FilterKind(config=SchemaConfig, make=SchemaFilter),
    "length": FilterKind(config=LengthConfig, make=LengthFilter),
    "language": FilterKind(config=LanguageConfig, make=LanguageFilter),
    "refusal": FilterKind(config=RefusalConfig, make=RefusalFilter),
    "copied": FilterKind(config=CopiedConfig, make=CopiedFilter),
    "duplicates": FilterKind(config=DuplicatesConfig, make=DuplicatesFilter),
    "decontaminate": FilterKind(config=DecontaminateConfig, make=DecontaminateFilter),
    "cosine": FilterKind(config=CosineConfig, make=CosineFilter),
    "round_trip": FilterKind(config=RoundTripConfig, make=RoundTripFilter),
    "judge": FilterKind(config=JudgeConfig, make=JudgeFilter),
    "balance": FilterKind(config=BalanceConfig, make=BalanceFilter),
}


def filter_configs(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Check settings without making anything.

    Args:
        settings: Name of a filter to its settings, in the order of the chain; None stands for its defaults.

    Returns:
        The configuration of each, in that order.

    Raises:
        ConfigError: If a name or a key is unknown, or a value out of range.
    """
    configs = {}
    for name, values in settings.items():
        if name not in FILTERS:
            raise ConfigError("filters", str(name), values, f"unknown filter; known are {', '.join(FILTERS)}")
        if values is not None and not isinstance(values, Mapping):
            raise ConfigError("filters", name, values, "must be a mapping of its settings")
        configs[name] = build(FILTERS[name].config, values or {})
    return configs


def build_filters(settings: Mapping[str, Any], needs: FilterNeeds) -> list[Filter]:
    """Make a chain of filters.

    Args:
        settings: As in `filter_configs`.
        needs: What settings cannot hold.

    Returns:
        The filters, in the order of the settings.

    Raises:
        ConfigError: If settings are unsound, or a filter needs what is not there.
        MissingPackageError: If a filter needs a library that is not installed.
    """
    return [FILTERS[name].make(config, needs) for name, config in filter_configs(settings).items()]
