"""`embedrank synth`: training rows from passages, with a language model or without one."""

from __future__ import annotations

from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from embedrank.cli import options
from embedrank.cli.console import note, out, print_json
from embedrank.cli.set_words import settings_in
from embedrank.cli.wiring import wiring_of

if TYPE_CHECKING:
    from embedrank.cli.synth_run import Outcome


def synth(
    context: typer.Context,
    inputs: Annotated[
        list[Path],
        typer.Argument(help="A YAML file (docs/synthesis.md), and or files and folders: .jsonl, BEIR, documents."),
    ],
    to: Annotated[
        Path, typer.Option("--to", "-o", help="Folder of the rows; a run that was broken off goes on there.")
    ],
    generator: Annotated[
        str | None,
        typer.Option(help="openai (any such endpoint), vllm, transformers, or extractive, which needs no model."),
    ] = None,
    model: Annotated[str | None, typer.Option("--model", "-m", help="Name of the model that writes.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Endpoint, such as http://localhost:8000/v1.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Most passages to read. Default: all.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Any setting, such as budget.money=5; again for more.")
    ] = None,
    ray: Annotated[
        str | None, typer.Option(help="Compute on Ray: local, auto, or HOST:PORT. With --workers actors.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Actors on Ray. Default: 1.")] = None,
    gpus: Annotated[float | None, typer.Option(min=0, help="GPUs for each actor on Ray. Default: 0.")] = None,
    device: options.Device = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Write all rows anew; answers that were paid for are kept.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Write training rows for passages, filter them, and report. Run it again after a kill or a stop: it goes on."""
    from embedrank.cli.synth_bar import SynthBar
    from embedrank.cli.synth_run import Place, SynthRun
    from embedrank.cli.synth_settings import asked_for
    from embedrank.synthesis.generators.meter import OUT_OF_BUDGET

    told = {"generator": generator, "model": model, "base_url": base_url, "limit": limit}
    asked = asked_for(inputs, told, set_=settings_in(set_ or []))
    place = Place(ray=ray, workers=workers, gpus=gpus)
    with SynthBar() as bar:
        outcome = SynthRun(asked, to, wiring_of(context, device=device), bar, restart=restart).run(place)
    stopped = outcome.report.stopped
    if stopped is not None and stopped.reason != OUT_OF_BUDGET:
        raise stopped
    _tell(to, outcome, json=json)


def _tell(to: Path, outcome: Outcome, *, json: bool) -> None:
    from embedrank.cli.render_synthesis import print_synthesis

    report = loads((to / "report.json").read_text(encoding="utf-8"))
    totals, stopped = outcome.report.totals, outcome.report.stopped
    for words in outcome.notes:
        note(words)
    if outcome.report.num_resumed:
        note(f"went on after {outcome.report.num_resumed} passages of an earlier run")
    if json:
        told = {name: report[name] for name in ("accounts", "run")}
        print_json({"folder": str(to), **told, "dropped": totals.dropped, "left_out": outcome.left_out})
    else:
        print_synthesis(out(), report)
    if stopped is not None:
        note(f"stopped by the budget: {stopped.detail}; run it again with a larger one (--set budget...) to go on")
    note(f"wrote {to}: rows.jsonl, made.jsonl, dropped.jsonl, report.html")
