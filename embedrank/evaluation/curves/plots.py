"""The curves as pictures: what stands on which axis. Each takes the content of `curves.json` and draws on axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from embedrank.evaluation.curves.gathering import METRIC, RECALL
from embedrank.evaluation.curves.ink import INK, PAPER, QUIET, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_QUALITY: Final = "nDCG@10"
_MOST_LANGUAGES: Final = 16
_LONGEST_NAME: Final = 30
_SHORT_NAME: Final = len("fused+rerank")
_MOST_INSIDE: Final = 5  # lines of a legend that a picture has room for
_MARKERS: Final = "os^D"
_BAND: Final = 0.16
_OPEN: Final = "Bands: 95 % by bootstrap over queries. Open points: not told apart from "


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
    """Quality of vector search against the leading dimensions that are kept, a line for each model."""
    points = [point for point in content["vectors"] if point["kept_as"] == "float32"]
    models = _names(points, "model")
    for place, model in enumerate(models):
        members = [point for point in points if point["model"] == model]
        _line(axes, members, "dim", METRIC, place=place, label=_QUALITY if len(models) == 1 else _cut(model))
        if len(models) == 1:
            _line(axes, members, "dim", RECALL, place=1, label="recall@100", compared=False)
    _powers_of_two(axes, [point["dim"] for point in points])
    axes.set(xlabel="dimensions", ylabel="dense search, float32" + (f", {_QUALITY}" if len(models) > 1 else ""))
    axes.legend()


def size(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality of vector search against the bytes that are searched, a line for each way to keep a vector."""
    own = _names(content["vectors"], "model")[-1]
    points = [point for point in content["vectors"] if point["model"] == own]
    for place, name in enumerate(_names(points, "kept_as")):
        _line(axes, [point for point in points if point["kept_as"] == name], "bytes", METRIC, place=place, label=name)
    _powers_of_two(axes, [point["bytes"] for point in points])
    axes.set(xlabel="bytes searched per vector", ylabel=_QUALITY)
    axes.legend()


def depth(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality against the number of candidates that the reranker reads, a line for each pair of models."""
    from matplotlib.ticker import MaxNLocator

    systems = _names(content["depths"], "system")
    for place, system in enumerate(systems):
        points = [point for point in content["depths"] if point["system"] == system]
        _line(axes, points, "depth", METRIC, place=place, label=_cut(system))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set(xlabel="candidates reranked", ylabel=_QUALITY)
    if len(systems) > 1:
        axes.legend()


def latency(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality against the time that a query takes; reranked depths are joined by a line."""
    stages = [point for point in content["latency"] if point["depth"] is None]
    reranked = [point for point in content["latency"] if point["depth"] is not None]
    systems = _names(reranked, "system")
    for place, system in enumerate(systems):
        points = [point for point in reranked if point["system"] == system]
        label = "reranked, by depth" if len(systems) == 1 else _cut(system)
        _line(axes, points, "median_ms", METRIC, place=3 + place, label=label)
        for point in points:
            _label(axes, str(point["depth"]), point["median_ms"], point[METRIC])
    for place, point in enumerate(stages):
        axes.vlines(point["median_ms"], *point[f"{METRIC}_95"], color=_colour(place), lw=1)
        axes.plot(point["median_ms"], point[METRIC], label=_cut(point["system"]), **_mark(point, place))
    axes.set(xlabel="median milliseconds per query", ylabel=_QUALITY)
    _one_two_five(axes)
    if len(stages) + len(systems) > _MOST_INSIDE:
        _legend_below(axes, columns=2)
    else:
        axes.legend()


def languages(axes: Axes, content: Mapping[str, Any]) -> None:
    """Quality by language, a bar for each stage; the languages with most queries where there are many."""
    counts = {point["language"]: point["num_queries"] for point in content["languages"]}
    names = sorted(counts, key=lambda name: -counts[name])[:_MOST_LANGUAGES]
    systems = _names(content["languages"], "system")[-len(SERIES) :]
    points = {(point["language"], point["system"]): point for point in content["languages"]}
    height = 0.8 / len(systems)
    for place, system in enumerate(systems):
        there = [(row, points[name, system]) for row, name in enumerate(names) if (name, system) in points]
        rows = [row + (place - (len(systems) - 1) / 2) * height for row, _ in there]
        axes.barh(rows, [point[METRIC] for _, point in there], height * 0.92, color=_colour(place), label=_cut(system))
        axes.hlines(rows, *np.transpose([point[f"{METRIC}_95"] for _, point in there]), color=INK, lw=0.8)
    axes.set_yticks(np.arange(len(names)), [f"{_cut(name)} ({counts[name]})" for name in names])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set(xlabel=f"{_QUALITY} (number of queries in brackets)", xlim=(0, 1))
    _legend_below(axes, columns=4 if max(map(len, systems)) <= _SHORT_NAME else 2)


def reliability(axes: Axes, content: Mapping[str, Any]) -> None:
    """The share of relevant pairs against the probability that a reranker gave them, with the number of pairs."""
    several = len(content["calibration"]) > 1
    axes.plot([0, 1], [0, 1], color=QUIET, lw=0.8, ls="--", label="as it should be")
    for place, found in enumerate(content["calibration"]):
        bins = found["bins"]
        said, was = ([each[field] for each in bins] for field in ("said", "was"))
        axes.fill_between(
            said, *np.transpose([each["was_95"] for each in bins]), color=_colour(place), alpha=_BAND, lw=0
        )
        who = _cut(found["reranker"]) if several else "measured"
        errors = f"{who}: ECE {found['ece']:.3f}, Brier score {found['brier']:.3f}"
        axes.plot(said, was, marker="o", color=_colour(place), label=errors)
        for each in bins if not several else ():
            _label(axes, _short(each["count"]), each["said"], each["was"])
    axes.set(xlabel="probability said by the reranker", ylabel="share that is relevant", xlim=(0, 1), ylim=(0, 1.05))
    _legend_below(axes, columns=1)


def _line(
    axes: Axes,
    points: Sequence[Mapping[str, Any]],
    along: str,
    metric: str,
    *,
    place: int,
    label: str,
    compared: bool = True,
) -> None:
    """Means with their band; points that are not told apart from the full setting are open."""
    places, means = ([point[field] for point in points] for field in (along, metric))
    band = np.transpose([point[f"{metric}_95"] for point in points])
    axes.fill_between(places, *band, color=_colour(place), alpha=_BAND, lw=0)
    axes.plot(places, means, color=_colour(place), label=label, marker=_MARKERS[place % 4])
    for point in points if compared else ():
        if not point.get("differs", True):
            axes.plot(point[along], point[metric], **_mark(point, place))


def _mark(point: Mapping[str, Any], place: int) -> dict[str, Any]:
    """A marker, filled where the point is the full setting or differs from it."""
    face = _colour(place) if point.get("differs", True) else PAPER
    return {"marker": _MARKERS[place % 4], "ls": "", "color": _colour(place), "markerfacecolor": face}


def _colour(place: int) -> str:
    return SERIES[place % len(SERIES)]


def _names(points: Sequence[Mapping[str, Any]], field: str) -> list[str]:
    return list(dict.fromkeys(point[field] for point in points))


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


def _legend_below(axes: Axes, *, columns: int) -> None:
    """Below the picture, where it covers nothing."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=columns)


def _cut(name: str) -> str:
    """A name that fits; what tells models and stages apart stands at both ends."""
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[: _LONGEST_NAME // 2]}…{name[1 - _LONGEST_NAME // 2 :]}"


def _short(count: int) -> str:
    return str(count) if count < 10_000 else f"{count / 1000:.0f}k"


PLOTS: Final[Mapping[str, Plot]] = MappingProxyType(
    {
        "dimension": Plot(
            title="Quality against dimension",
            told=f"Leading dimensions of the vectors, brought back to unit length. {_OPEN}all dimensions (nDCG@10).",
            source="vectors",
            draw=dimension,
        ),
        "bytes": Plot(
            title="Quality against bytes per vector",
            told="Each line is one way to keep documents, its points are prefixes. Queries stay float32, but for "
            "Hamming distance. Rescoring also reads the float32 vectors of the candidates, which are not counted. "
            f"{_OPEN}all dimensions as float32.",
            source="vectors",
            draw=size,
        ),
        "depth": Plot(
            title="Quality against reranked depth",
            told="At 0 the order of the first stage; candidates below the depth keep their places. "
            f"{_OPEN}the deepest.",
            source="depths",
            draw=depth,
        ),
        "latency": Plot(
            title="Quality against latency",
            told="One query at a time on this machine, caches off. Numbers at the points are reranked depths. "
            f"{_OPEN}the deepest, or, of stages, from the last one.",
            source="latency",
            draw=latency,
        ),
        "languages": Plot(
            title="Quality by language",
            told="Language of the query: its row's, else that of the split, else the script it is written in. "
            "Thin lines: 95 % by bootstrap over queries; of few queries they are too short, of one there is none.",
            source="languages",
            draw=languages,
        ),
        "calibration": Plot(
            title="Calibration of the reranker",
            told="All reranked pairs in ten bins of equal width, with the number of pairs. The band is 95 % by "
            "bootstrap over queries. A candidate that nobody "
            "judged counts as irrelevant, so that sparse judgements make a reranker look too sure.",
            source="calibration",
            draw=reliability,
        ),
    }
)
