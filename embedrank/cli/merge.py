"""`embedrank merge`: several checkpoints of one shape become one."""

from __future__ import annotations

import json as json_format
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from embedrank.cli import options
from embedrank.cli.console import counter, note, print_json
from embedrank.cli.dev_set import METRIC, DevSet
from embedrank.cli.rivals import require_own
from embedrank.cli.wiring import Wiring, wiring_of
from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.model.provenance import EMBEDDER, KINDS, model_kind

if TYPE_CHECKING:
    from embedrank.training.merge.config import MergeConfig
    from embedrank.training.merge.path import Place

PATH_TABLE, PATH_PLOT = "merge-path.json", "merge-path.png"


def merge(
    context: typer.Context,
    parents: Annotated[list[str], typer.Argument(help="Two checkpoints or more: folders, presets or hub ids.")],
    to: Annotated[Path, typer.Option("--to", "-o", help="New folder of the merged model.")],
    config: Annotated[Path | None, typer.Option(help="YAML with the settings; options override it.")] = None,
    method: Annotated[str | None, typer.Option(help="slerp, karcher, linear, task-arithmetic or ties.")] = None,
    t: Annotated[float | None, typer.Option(help="slerp of two: place between first (0) and second (1).")] = None,
    weight: Annotated[list[float] | None, typer.Option(help="Weight of a parent; once for each of them.")] = None,
    base: Annotated[str | None, typer.Option(help="What they were trained from: differences are merged.")] = None,
    scale: Annotated[float | None, typer.Option(help="Factor of the merged difference.")] = None,
    density: Annotated[float | None, typer.Option(help="ties: share of the differences that is kept.")] = None,
    search: Annotated[Path | None, typer.Option(help="BEIR folder: find the best t on it, by nDCG@10.")] = None,
    split: Annotated[str, typer.Option(help="Its split, which should be no test split.")] = "dev",
    places: Annotated[int, typer.Option(min=2, help="Places measured on the way, ends included.")] = 11,
    max_queries: Annotated[int | None, typer.Option(min=1, help="Measure a seeded sample of so many queries.")] = None,
    kind: Annotated[str | None, typer.Option(help="embedder or reranker, where the folders do not say.")] = None,
    json: options.Json = False,
) -> None:
    """Merge checkpoints tensor by tensor into a new folder with the layout of the first.

    With --search the way between two parents is measured on a development set, drawn, and its best place is kept.
    """
    from embedrank.model.resolve import resolve
    from embedrank.training.merge.merging import merge as merge_folders
    from embedrank.training.merge.merging import open_merge

    given = {"method": method, "t": t, "weights": tuple(weight or ()), "base": base, "scale": scale, "density": density}
    chosen = _settings(config, {name: value for name, value in given.items() if value not in (None, ())})
    for parent in (*parents, chosen.base):
        require_own(parent, what="merging")
    folders = [resolve(parent, kind=kind or EMBEDDER) for parent in parents]
    base_folder = None if chosen.base is None else resolve(chosen.base, kind=kind or EMBEDDER)
    found: list[Place] = []
    if search is not None:
        if len(folders) != 2 or chosen.method != "slerp":
            raise InvalidInputError("--search", "is for slerp of two parents")
        open_merge(folders, to, chosen, base=base_folder)  # refuses now what it would refuse after the search
        kind = _kind(folders[0], kind)
        dev = DevSet.open(search, split, max_queries=max_queries)
        found, chosen = _search(folders, to.parent, chosen, base_folder, dev, wiring_of(context), kind, places)
    with counter("merging tensors") as tell:
        merge_folders(
            folders,
            to,
            chosen,
            base=base_folder,
            on_tensor=tell,
            on_note=note,
            finish=lambda folder: _write_path(folder, found),
        )
    _tell(to, chosen, folders, found, json=json)


def _settings(config: Path | None, given: dict[str, object]) -> MergeConfig:
    from embedrank.core.settings import build, read_yaml
    from embedrank.training.merge.config import MergeConfig

    return build(MergeConfig, {**(read_yaml(config) if config is not None else {}), **given})


def _kind(folder: Path, kind: str | None) -> str:
    kind = kind or model_kind(folder)
    if kind is None:  # official rerankers look like any causal model
        raise InvalidInputError(str(folder), "does not say whether it embeds or reranks", hint="say so with --kind")
    if kind not in KINDS:
        raise InvalidInputError("--kind", f"{kind!r} is neither {' nor '.join(KINDS)}")
    return kind


def _search(
    folders: list[Path],
    scratch_beside: Path,
    config: MergeConfig,
    base: Path | None,
    dev: DevSet,
    wiring: Wiring,
    kind: str,
    num_places: int,
) -> tuple[list[Place], MergeConfig]:
    from embedrank.training.figure import require_plots
    from embedrank.training.merge.merging import merge as merge_folders
    from embedrank.training.merge.path import best_place, walk

    require_plots()

    def measure(t: float) -> float:
        # Beside the target, where there is room for a model; the system's folder of scratch files may be in memory.
        with TemporaryDirectory(prefix=".embedrank-merge-", dir=scratch_beside) as scratch:
            target = merge_folders(folders, Path(scratch) / "model", replace(config, t=t), base=base)
            value = dev.measure(wiring, str(target), kind)[METRIC]
        note(f"t {t:.3f}: {METRIC} {value:.4f}")
        return value

    if config.t is not None:
        raise ConfigError("MergeConfig", "t", config.t, "is what --search finds; leave one of them out")
    found = walk(measure, num_places)
    return found, replace(config, t=best_place(found).t)


def _write_path(folder: Path, found: list[Place]) -> None:
    from embedrank.training.merge.path import plot_path

    if found:
        text = json_format.dumps({"metric": METRIC, "places": [asdict(place) for place in found]}, indent=2)
        (folder / PATH_TABLE).write_text(text + "\n", encoding="utf-8")
        plot_path(found, folder / PATH_PLOT, metric=METRIC)


def _tell(target: Path, config: MergeConfig, folders: list[Path], found: list[Place], *, json: bool) -> None:
    table = [asdict(place) for place in found]
    if json:
        told = {"model": str(target), "parents": [str(folder) for folder in folders]}
        print_json({**told, **asdict(config), "path": table})
        return
    place = f" at t {config.t:g}" if config.t is not None else ""
    note(f"{len(folders)} parents merged by {config.method}{place} -> {target}")
