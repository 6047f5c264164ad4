"""Settings of an evaluation as lines to read."""

from __future__ import annotations

from collections.abc import Mapping


def shown(settings: Mapping[str, object]) -> str:
    """Settings in one line.

    Args:
        settings: Name to value; what is open or empty is left out.

    Returns:
        Names and values, those of a mapping in brackets.
    """
    pairs = {name: value for name, value in settings.items() if value not in (None, "")}
    return ", ".join(
        f"{name} ({shown(value)})" if isinstance(value, Mapping) else f"{name} {value}" for name, value in pairs.items()
    )


def rival_lines(own: Mapping[str, object], rivals: Mapping[str, Mapping[str, object]]) -> list[str]:
    """A line for each rival that says what of it is other.

    Args:
        own: Settings of the plan's own models.
        rivals: Name to settings.

    Returns:
        The lines.
    """
    differing = {
        name: {key: value for key, value in settings.items() if value != own.get(key)}
        for name, settings in rivals.items()
    }
    return [f"{name}: {shown(settings)}" for name, settings in differing.items()]
