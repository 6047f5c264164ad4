"""Results beside the numbers of the technical report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Final

from embedrank.cli.console import note, out, print_json
from embedrank.cli.render_suite import paper_table
from embedrank.core.errors import InvalidInputError

ABLATION: Final = "ablation"


def show_comparison(model: str, results: Path | None, *, as_json: bool) -> None:
    """Print ours, the published numbers and the difference.

    Args:
        model: As the report names it; `ablation` for its table of what each part of the recipe is worth.
        results: Result file or folder of mteb, or the JSON of `embedrank eval` over several sets; of an ablation a
            folder that holds one of these for each variant.
        as_json: Whether stdout gets one object instead of a table.
    """
    from embedrank.evaluation.benchmark_scores import read_ablation, read_results
    from embedrank.evaluation.paper import compare, compare_ablation, published

    if model != ABLATION:
        published(model)
    if results is None:
        raise InvalidInputError(f"--compare-paper {model}", "needs results to compare", hint="--results FILE_OR_FOLDER")
    if model == ABLATION:
        variants = read_ablation(results)
        rows = compare_ablation({setting: ours.scores for setting, ours in variants.items()})
        notes = [f"{setting}: {line}" for setting, ours in variants.items() for line in ours.notes]
    else:
        found = read_results(results)
        rows, notes = compare(found.scores, model), list(found.notes)
    if as_json:
        numbers = [{**asdict(row), "difference": row.difference} for row in rows]
        print_json({"model": model, "results": str(results), "numbers": numbers, "notes": notes})
        return
    out().print(paper_table(rows))
    for line in notes:
        note(line)
