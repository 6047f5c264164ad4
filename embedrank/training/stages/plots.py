"""Curves of a run: loss, learning rate, gradient norm, and the figures of the development set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from embedrank.training.figure import new_figure, save_figure
from embedrank.training.stages.history import Record, numbers_of

CURVES = {"loss": "loss", "learning_rate": "learning rate", "grad_norm": "gradient norm"}
_SMOOTHED = ("loss", "grad_norm")
_WINDOW_SHARE = 50  # a smoothed point covers one fiftieth of the curve


def plot_run(steps: Sequence[Record], looks: Sequence[Record], path: Path) -> None:
    """Draw all curves of a run into one picture.

    Args:
        steps: Records of steps.
        looks: Records of the development set; each of their numbers is a curve.
        path: The PNG file.

    Raises:
        MissingPackageError: If matplotlib is not installed.
        StorageError: If it cannot be written.
    """
    figure = new_figure(11, 7)
    panels = figure.subplots(2, 2).flat
    for panel, (field, title) in zip(panels, CURVES.items(), strict=False):
        places, values = curve(steps, field)
        panel.plot(places, values, linewidth=0.8, alpha=0.35 if field in _SMOOTHED else 1.0, color="tab:blue")
        if field in _SMOOTHED:
            panel.plot(places, smoothed(values), linewidth=1.6, color="tab:blue")
        panel.set(title=title, xlabel="steps")
        panel.grid(alpha=0.3)
    panel = figure.axes[-1]
    for field in dev_fields(looks):
        panel.plot(*curve(looks, field), marker="o", markersize=3, label=field)
    panel.set(title="development set", xlabel="steps")
    panel.grid(alpha=0.3)
    if looks:
        panel.legend()
    save_figure(figure, path)


def curve(records: Sequence[Record], field: str) -> tuple[list[int], list[float]]:
    """Steps and values of one field, where it is there."""
    pairs = [(record["step"], record[field]) for record in records if isinstance(record.get(field), int | float)]
    return [int(str(step)) for step, _ in pairs], [float(str(value)) for _, value in pairs]


def smoothed(values: Sequence[float]) -> list[float]:
    """Running means over the last fiftieth of the curve, five values at least."""
    width = max(5, len(values) // _WINDOW_SHARE)
    sums = [0.0]
    for value in values:
        sums.append(sums[-1] + value)
    ends = range(1, len(values) + 1)
    return [(sums[end] - sums[max(0, end - width)]) / min(end, width) for end in ends]


def dev_fields(looks: Sequence[Record]) -> list[str]:
    """Names of the figures, those that are numbers, in the order in which they first come."""
    return list(dict.fromkeys(name for look in looks for name in numbers_of(look)))
