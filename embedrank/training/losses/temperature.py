"""The check that every loss with a temperature makes of it."""

from __future__ import annotations

from embedrank.core.errors import ConfigError


def check_temperature(component: str, value: float, *, field: str = "temperature") -> None:
    """Refuse what cannot divide cosines.

    Args:
        component: Configuration that holds it.
        value: The temperature.
        field: Its name there.

    Raises:
        ConfigError: If it is not positive.
    """
    if value <= 0:
        raise ConfigError(component, field, value, "must be positive")
