"""Results beside the numbers of the technical report."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from embedrank.cli.console import note, out, print_json
from embedrank.cli.render_suite import paper_table
from embedrank.core.errors import InvalidInputError


def show_comparison(model: str, results: Path | None, *, as_json: bool) -> None:
    """Print ours, the published numbers and the difference.

    Args:
        model: As the report names it.
        results: Result file or folder of mteb, or the JSON of `embedrank eval` over several sets.
        as_json: Whether stdout gets one object instead of a table.
    """
    from embedrank.evaluation.benchmark_scores import read_results
    from embedrank.evaluation.paper import compare, published

    published(model)
    if results is None:
        raise InvalidInputError(f"--compare-paper {model}", "needs results to compare", hint="--results FILE_OR_FOLDER")
    ours = read_results(results)
    rows = compare(ours.scores, model)
    if as_json:
        numbers = [{**asdict(row), "difference": row.difference} for row in rows]
        print_json({"model": model, "results": str(results), "numbers": numbers, "notes": list(ours.notes)})
        return
    out().print(paper_table(rows))
    for line in ours.notes:
        note(line)
