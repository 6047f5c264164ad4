"""Checks that the configurations of filters share."""

from __future__ import annotations

import math
from collections.abc import Mapping

from embedrank.core.errors import ConfigError


def check_whole(component: str, fields: Mapping[str, object], *, least: int) -> None:
    """Refuse what is no whole number.

    Args:
        component: The filter.
        fields: Values by name of field.
        least: The smallest allowed.

    Raises:
        ConfigError: Naming the field.
    """
    for name, value in fields.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ConfigError(component, name, value, f"must be a whole number of at least {least}")


def check_within(component: str, fields: Mapping[str, object], low: float, high: float) -> None:
    """Refuse what is no finite number in a range.

    Args:
        component: The filter.
        fields: Values by name of field.
        low: The smallest allowed.
        high: The largest allowed.

    Raises:
        ConfigError: Naming the field.
    """
    for name, value in fields.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not low <= value <= high:  # type: ignore[operator]
            raise ConfigError(component, name, value, f"must be a number within {low:g}..{high:g}")
