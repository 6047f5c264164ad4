"""`embedrank tune`: the model of an index learns the documents of the index."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from embedrank.cli import options
from embedrank.cli.console import counter, note, out, print_json
from embedrank.cli.rivals import require_own
from embedrank.cli.run_folder import open_run_folder
from embedrank.cli.set_words import settings_in
from embedrank.cli.train_run import run
from embedrank.cli.tune_rows import parted_rows
from embedrank.cli.tune_stage import TuneWishes, stage_settings
from embedrank.cli.wiring import Wiring, wiring_of
from embedrank.core.errors import InvalidInputError, StorageError

if TYPE_CHECKING:
    from embedrank.training.data.holding_out import Parted
    from embedrank.training.stages.config import StageConfig
    from embedrank.training.stages.run import StageReport

_STAGE: Final = "stage.yaml"
_MARKER: Final = "tune.json"


def tune(
    context: typer.Context,
    index: Annotated[str, typer.Argument(help="Folder of the index.")],
    to: Annotated[
        Path | None, typer.Option("--to", "-o", help="Folder of the run. Default: INDEX.tuned, beside the index.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Where the weights start. Default: the model of the index.")
    ] = None,
    synth: Annotated[
        Path | None, typer.Option(help="YAML of a synthesis. Default: weak pairs, made without a language model.")
    ] = None,
    feedback: Annotated[
        Path | None, typer.Option(help="Rows of your users instead: query, positives, negatives; .jsonl.")
    ] = None,
    replay: Annotated[
        list[Path] | None,
        typer.Option(help="Earlier run or file of rows to mix in, against forgetting; again for more."),
    ] = None,
    keep: Annotated[
        list[str] | None, typer.Option(help="BEIR FOLDER or FOLDER:SPLIT that must not be lost on; again for more.")
    ] = None,
    tolerance: Annotated[float, typer.Option(help="How much nDCG@10 may fall there.")] = 0.01,
    steps: Annotated[int | None, typer.Option(help="Steps of training. Default: three epochs, at most 1500.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any setting of the stage, such as loop.learning_rate=1e-5.")
    ] = None,
    swap: Annotated[bool, typer.Option("--swap/--no-swap", help="Whether the index gets the new vectors.")] = True,
    device: options.Device = None,
    restart: Annotated[bool, typer.Option("--restart", help="Throw away what is in the folder of the run.")] = False,
    json: options.Json = False,
) -> None:
    """Train the embedder of an index on the index's documents, or on feedback, and take it if it is no worse."""
    from embedrank.search.opening import built_with, local_folder
    from embedrank.training.data.holding_out import Parted

    folder = local_folder(index)
    name = model or built_with(folder)
    require_own(name, what="tuning")
    run_folder = to or folder.with_name(f"{folder.name}.tuned")
    _open(run_folder, {"index": str(folder), "model": name}, restart=restart)
    wiring = wiring_of(context, device=device)
    given = settings_in(set_ or []) | ({} if device is None else {"device": device})
    wishes = TuneWishes(
        model=name, steps=steps, replay=replay or (), keep=keep or (), tolerance=tolerance, overrides=given
    )
    dim = wiring.embedder(name).dim
    _stage(wishes, Parted.expected_in(run_folder), dim)  # refused before rows are made
    parted = parted_rows(folder, run_folder, wiring, synth=synth, feedback=feedback)
    _note_parts(parted)
    report = _trained(*_stage(wishes, parted, dim), run_folder, wiring)
    num_chunks = _swapped(folder, report.model, wiring) if swap else None
    _tell(report, folder, num_chunks, json=json)


def _open(folder: Path, told: dict[str, str], *, restart: bool) -> None:
    """The run's folder; one of another index or model is refused, since a swapped index would train on itself again."""
    open_run_folder(folder, marker=_MARKER, restart=restart)
    marker = folder / _MARKER
    try:
        if not marker.is_file():
            marker.write_text(json_format.dumps(told), encoding="utf-8")
        held = json_format.loads(marker.read_text(encoding="utf-8"))
    except OSError as error:
        raise StorageError(folder, f"cannot be written: {error}") from error
    except ValueError:
        held = None
    if held != told:
        hint = "name another folder with --to, or throw this run away with --restart"
        raise InvalidInputError(str(folder), f"holds a run of {held}, not of {told}", hint=hint)


def _note_parts(parted: Parted) -> None:
    counts = parted.counts
    note(
        f"{counts['train']:,} rows to train on, {counts['dev']:,} queries to choose by, {counts['gate']:,} for the gate"
    )
    if counts["beyond"]:
        note(f"{counts['beyond']:,} rows of held-out documents are in neither; one query a chunk is enough")


def _stage(wishes: TuneWishes, parted: Parted, dim: int) -> tuple[StageConfig, dict[str, Any]]:
    """The checked stage, and the settings that say it."""
    from embedrank.training.stages.config import StageConfig

    settings = stage_settings(wishes, parted, dim=dim)
    return StageConfig.from_mapping(settings), settings


def _trained(config: StageConfig, settings: Mapping[str, Any], folder: Path, wiring: Wiring) -> StageReport:
    import yaml

    try:
        (folder / _STAGE).write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    except OSError as error:
        raise StorageError(folder, f"cannot be written: {error}") from error
    return run(config, folder, wiring)


def _swapped(index: Path, model: Path, wiring: Wiring) -> int:
    from embedrank.search.reembedding import reembed

    with counter("new vectors") as tell:
        return reembed(index, wiring.embedder(str(model)), on_progress=tell)


def _tell(report: StageReport, index: Path, num_chunks: int | None, *, json: bool) -> None:
    if json:
        gate = {name: asdict(each) for name, each in report.gate.items()}
        told = {"model": str(report.model), "steps": report.steps, "best_step": report.best_step, "gate": gate}
        print_json({**told, "index": str(index), "num_chunks": num_chunks})
        return
    for name, each in report.gate.items():
        out().print(Text(f"{name}: nDCG@10 {each.before:.4f} before, {each.after:.4f} after"), soft_wrap=True)
    swapped = "left as it was" if num_chunks is None else f"has the vectors of {report.model}"
    out().print(Text(f"{index} {swapped}"), soft_wrap=True)
