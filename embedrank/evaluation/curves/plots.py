"""The curves as pictures: what stands on which axis. Each takes the content of `curves.json` and draws on axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from embedrank.evaluation.curves.gathering import METRIC
from embedrank.evaluation.curves.ink import QUIET, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_QUALITY: Final = "nDCG@10"
_MOST_LANGUAGES: Final = 16
_LONGEST_NAME: Final = 20
_MARKERS: Final = "os^D"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One picture.

    Attributes:
        title: What it shows.
        told: What has to be known to read it.
        source: Field of the content that it draws; where that is empty there is no picture.
        draw: Draws it.
    """

    title: str
    told: str
    source: str
    draw: Callable[[Axes, Mapping[str, Any]], None]


def dimension(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality of vector search against the leading dimensions that are kept."""
    points = [point for point in content["vectors"] if point["kept_as"] == "float32"]
    dims = [point["dim"] for point in points]
    for place, (metric, label) in enumerate(((METRIC, _QUALITY), ("recall_at_100", "recall@100"))):
        axes.plot(dims, [point[metric] for point in points], marker="o", color=SERIES[place], label=label)
    _powers_of_two(axes, dims)
    axes.set(xlabel="dimensions", ylabel="dense search, float32")
    axes.legend()


def size(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality of vector search against the bytes that are searched, a line for each way to keep a vector."""
    names = list(dict.fromkeys(point["kept_as"] for point in content["vectors"]))
    for place, name in enumerate(names):
        points = [point for point in content["vectors"] if point["kept_as"] == name]
        sizes, quality = ([point[field] for point in points] for field in ("bytes", METRIC))
        axes.plot(sizes, quality, label=name, marker=_MARKERS[place % 4], color=SERIES[place % len(SERIES)])
    _powers_of_two(axes, [point["bytes"] for point in content["vectors"]])
    axes.set(xlabel="bytes searched per vector", ylabel=_QUALITY)
    axes.legend()


def depth(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality against the number of candidates that the reranker reads."""
    points = content["depths"]
    axes.plot([point["depth"] for point in points], [point[METRIC] for point in points], marker="o", color=SERIES[0])
    axes.set(xlabel="candidates reranked", ylabel=_QUALITY)


def latency(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality against the time that a query takes; reranked depths are joined by a line."""
    stages = [point for point in content["latency"] if point["depth"] is None]
    reranked = [point for point in content["latency"] if point["depth"] is not None]
    for place, point in enumerate(stages):
        axes.plot(
            point["median_ms"],
            point[METRIC],
            marker=_MARKERS[place % 4],
            ls="",
            color=SERIES[place],
            label=point["system"],
        )
    if reranked:
        times, quality = ([point[field] for point in reranked] for field in ("median_ms", METRIC))
        axes.plot(times, quality, marker="D", color=SERIES[3], label="reranked, by depth")
        for point, time, value in zip(reranked, times, quality, strict=True):
            _label(axes, str(point["depth"]), time, value)
    axes.set(xlabel="median milliseconds per query", ylabel=_QUALITY)
    _one_two_five(axes)
    axes.legend()


def languages(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality by language, a bar for each stage; the languages with most queries where there are many."""
    counts = {point["language"]: point["num_queries"] for point in content["languages"]}
    names = sorted(counts, key=lambda name: -counts[name])[:_MOST_LANGUAGES]
    systems = list(dict.fromkeys(point["system"] for point in content["languages"]))
    values = {(point["language"], point["system"]): point[METRIC] for point in content["languages"]}
    height = 0.8 / len(systems)
    for place, system in enumerate(systems):
        rows = np.arange(len(names)) + (place - (len(systems) - 1) / 2) * height
        bars = [values.get((name, system), 0.0) for name in names]
        axes.barh(rows, bars, height * 0.92, color=SERIES[place % len(SERIES)], label=system)
    axes.set_yticks(np.arange(len(names)), [f"{_cut(name)} ({counts[name]})" for name in names])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set(xlabel=f"{_QUALITY} (number of queries in brackets)", xlim=(0, 1))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=4, frameon=False)


def reliability(axes: Axes, content: Mapping[str, Any]) -> None:
    """The share of relevant pairs against the probability that the reranker gave them, with the number of pairs."""
    found = content["calibration"]
    bins = found["bins"]
    axes.plot([0, 1], [0, 1], color=QUIET, lw=0.8, ls="--", label="as it should be")
    said, was = ([each[field] for each in bins] for field in ("said", "was"))
    errors = f"measured: ECE {found['ece']:.3f}, Brier score {found['brier']:.3f}"
    axes.plot(said, was, marker="o", color=SERIES[0], label=errors)
    for each in bins:
        _label(axes, _short(each["count"]), each["said"], each["was"])
    axes.set(xlabel="probability said by the reranker", ylabel="share that is relevant", xlim=(0, 1), ylim=(0, 1.05))
    axes.legend(loc="upper left")


def _powers_of_two(axes: Axes, values: Sequence[int]) -> None:
    from matplotlib.ticker import NullLocator

    axes.set_xscale("log", base=2)
    ticks = sorted(set(values))
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


def _one_two_five(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _label(axes: Axes, text: str, x: float, y: float) -> None:
    axes.annotate(text, (x, y), textcoords="offset points", xytext=(0, 6), ha="center", color=QUIET, fontsize=7)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k"


PLOTS: Final[Mapping[str, Plot]] = MappingProxyType(
    {
        "dimension": Plot(
            title="Quality against dimension",
            told="Leading dimensions of the vectors, brought back to unit length.",
            source="vectors",
            draw=dimension,
        ),
        "bytes": Plot(
            title="Quality against bytes per vector",
            told="Each line is one way to keep documents, its points are prefixes. Queries stay float32, but for "
            "Hamming distance. Rescoring also reads the float32 vectors of the candidates, which are not counted.",
            source="vectors",
            draw=size,
        ),
        "depth": Plot(
            title="Quality against reranked depth",
            told="At 0 the order of the first stage; candidates below the depth keep their places.",
            source="depths",
            draw=depth,
        ),
        "latency": Plot(
            title="Quality against latency",
            told="One query at a time on this machine, caches off. Numbers at the points are reranked depths.",
            source="latency",
            draw=latency,
        ),
        "languages": Plot(
            title="Quality by language",
            told="Language of the query: its row's, else that of the split, else the script it is written in.",
            source="languages",
            draw=languages,
        ),
        "calibration": Plot(
            title="Calibration of the reranker",
            told="All reranked pairs in ten bins of equal width, with the number of pairs. A candidate that nobody "
            "judged counts as irrelevant, so that sparse judgements make a reranker look too sure.",
            source="calibration",
            draw=reliability,
        ),
    }
)
