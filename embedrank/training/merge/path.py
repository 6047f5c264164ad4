"""The way between two parents: a figure at every place on it, its best place, and its picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedrank.core.errors import ConfigError
from embedrank.training.figure import new_figure, save_figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One merge.

    Attributes:
        t: Where between the first parent (0) and the second (1).
        value: The development figure there; larger is better.
    """

    t: float
    value: float


def walk(measure: Callable[[float], float], num_places: int) -> list[Place]:
    """Measure at places that are equally far apart, ends included.

    Args:
        measure: From t to the development figure.
        num_places: How many, two at least.

    Returns:
        The places from 0 to 1.

    Raises:
        ConfigError: If there are fewer than two.
    """
    if num_places < 2:
        raise ConfigError("merge", "places", num_places, "must be two at least: both ends")
    steps = [number / (num_places - 1) for number in range(num_places)]
    return [Place(t=t, value=measure(t)) for t in steps]


def best_place(places: Sequence[Place]) -> Place:
    """The best of them; of equal ones that which is nearest to an end, the plainest model."""
    return max(places, key=lambda place: (place.value, abs(place.t - 0.5)))


def plot_path(places: Sequence[Place], path: Path, *, metric: str) -> None:
    """Draw the figure along the way.

    Args:
        places: From `walk`.
        path: The PNG file.
        metric: What the figure is called.

    Raises:
        MissingPackageError: If matplotlib is not installed.
        StorageError: If it cannot be written.
    """
    figure = new_figure(7, 4.5)
    panel = figure.subplots()
    panel.plot([place.t for place in places], [place.value for place in places], marker="o")
    best = best_place(places)
    panel.plot([best.t], [best.value], marker="o", markersize=10, color="tab:orange", label=f"best, t = {best.t:g}")
    panel.set(title="merges between two parents", xlabel="t: first parent at 0, second at 1", ylabel=metric)
    panel.grid(alpha=0.3)
    panel.legend()
    save_figure(figure, path)
