"""Pictures without a display: a canvas of their own, saved with one clear error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from embedrank.core.errors import StorageError
from embedrank.core.packages import require_packages

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def require_plots() -> None:
    """Refuse before long work what would fail after it.

    Raises:
        MissingPackageError: If matplotlib is not installed.
    """
    require_packages("plots", "matplotlib", extra="training")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure.

    Args:
        width: In inches.
        height: In inches.

    Returns:
        The figure, to be given panels.

    Raises:
        MissingPackageError: If matplotlib is not installed.
    """
    require_plots()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, path: Path) -> None:
    """Write a PNG file.

    Args:
        figure: From `new_figure`.
        path: The file.

    Raises:
        StorageError: If it cannot be written.
    """
    try:
        figure.savefig(path, dpi=110)
    except OSError as error:
        raise StorageError(path, f"plot not written: {error}") from error
