"""`embedrank recipe measure`: a model on the judged sets of a recipe, with the figure of every query."""

from __future__ import annotations

import json as json_format
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from embedrank.cli import options
from embedrank.cli.console import note, print_json
from embedrank.cli.wiring import Wiring, wiring_of
from embedrank.core.errors import StorageError

if TYPE_CHECKING:
    from embedrank.recipe.measuring import MeasureConfig, SetConfig

FIGURES: Final = "figures.json"
_METRIC: Final = "ndcg_at_10"


def measure(
    context: typer.Context,
    settings: Annotated[Path, typer.Argument(help="YAML with embedder, reranker, sets; see docs/recipe.md.")],
    to: Annotated[
        Path, typer.Option("--to", "-o", help="Folder of the figures; sets that are there are not repeated.")
    ],
    device: options.Device = None,
    json: options.Json = False,
) -> None:
    """Measure a model on several judged sets and keep nDCG@10 of every query, for intervals of differences."""
    from embedrank.core.settings import read_yaml
    from embedrank.recipe.measuring import MeasureConfig

    config = MeasureConfig.of(read_yaml(settings))
    wiring = wiring_of(context, device=device)
    reports = [_kept(place, each, config, wiring, to) for place, each in enumerate(config.sets)]
    content = {"embedder": config.embedder, "reranker": config.reranker, "sets": reports}
    _write(to / FIGURES, content)
    means = [{key: each[key] for key in ("name", "type", "num_queries", "systems")} for each in reports]
    if json:
        print_json({"figures": str(to / FIGURES), "sets": means})
        return
    for each in means:
        shown = ", ".join(f"{system} {metrics[_METRIC]:.3f}" for system, metrics in each["systems"].items())
        note(f"{each['name']}: {shown}")


def _kept(place: int, asked: SetConfig, config: MeasureConfig, wiring: Wiring, folder: Path) -> dict[str, Any]:
    """The report of a set, measured where it was not before."""
    file = folder / "sets" / f"{place}.json"
    if file.is_file():
        kept: dict[str, Any] = json_format.loads(file.read_text(encoding="utf-8"))
        return kept
    report = _measured(asked, config, wiring)
    _write(file, report)
    return report


def _measured(asked: SetConfig, config: MeasureConfig, wiring: Wiring) -> dict[str, Any]:
    from embedrank.cli.beir_set import load
    from embedrank.cli.trial import Trial, run_trial
    from embedrank.evaluation.metrics import means, per_query
    from embedrank.evaluation.report import notes
    from embedrank.search.config import SearchConfig

    limits = {"corpus_prefix": asked.corpus_prefix, "max_queries": asked.max_queries}
    dataset = load(Path(asked.data), asked.split, seed=0, **limits)  # type: ignore[arg-type]
    mode = "fused" if config.fused or config.reranker else "dense"
    trial = Trial(embedder=config.embedder, reranker=config.reranker, config=SearchConfig(top=1, mode=mode))
    outcome = run_trial(trial, dataset, wiring)
    values = {system: per_query(dataset.qrels, run) for system, run in outcome.runs.items()}
    return {
        "name": asked.title,
        "data": Path(asked.data).name,
        "split": asked.split,
        "type": asked.type,
        "num_queries": len(dataset.queries),
        "num_documents": len(dataset.documents),
        "systems": {system: means(each) for system, each in values.items()},
        "queries": {system: each[_METRIC] for system, each in values.items()},
        "notes": [*notes(dataset), *outcome.notes],
    }


def _write(path: Path, content: Mapping[str, Any]) -> None:
    from embedrank.core.durable import replace_durably

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_durably(path, json_format.dumps(content, ensure_ascii=False) + "\n")
    except OSError as error:
        raise StorageError(path, f"cannot be written: {error.strerror or error}") from error
