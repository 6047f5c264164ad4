"""The text of a model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedrank.recipe.carding import CardConfig


def card_text(config: CardConfig, counts: Mapping[str, int], figures: Mapping[str, Any] | None) -> str:
    """Write it.

    Args:
        config: What is told by hand.
        counts: Set to training rows.
        figures: Of an `eval` step; None for none.

    Returns:
        Markdown with the head that a model hub reads.
    """
    parts = [_head(config), f"# {config.title}", config.about.strip(), _data(config, counts)]
    if figures is not None:
        parts.append(_figures(figures, counts))
    parts.append(_use())
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(config: CardConfig) -> str:
    languages = ["language:", *(f"- {code}" for code in config.languages)] if config.languages else []
    tags = ["tags:", "- sentence-transformers", "- sentence-similarity", "- embedrank"]
    return "\n".join(["---", f"license: {config.licence}", *languages, *tags, "---"])


def _data(config: CardConfig, counts: Mapping[str, int]) -> str:
    rows = [f"| {name} | {count:,} | {config.sources[name]} |" for name, count in counts.items()]
    table = ["| set | rows | licence |", "|---|--:|---|", *rows]
    return "\n".join(["## What it was trained on", "", f"{sum(counts.values()):,} rows.", "", *table])


def _figures(figures: Mapping[str, Any], counts: Mapping[str, int]) -> str:
    sets = figures["sets"]
    systems = list(dict.fromkeys(system for each in sets for system in each["systems"]))
    lines = [f"| set | type | queries | seen | {' | '.join(systems)} |", f"|---|---|--:|---|{'--:|' * len(systems)}"]
    for each in sets:
        seen = "yes" if each["data"] in counts else "no"
        values = [each["systems"].get(system, {}).get("ndcg_at_10") for system in systems]
        shown = ["" if value is None else f"{100 * value:.1f}" for value in values]
        lines.append(f"| {each['name']} | {each['type']} | {each['num_queries']:,} | {seen} | {' | '.join(shown)} |")
    told = "nDCG@10, points of 100. `seen`: rows of the set were trained on, never those of its test split."
    return "\n".join(["## Figures", "", told, "", *lines])


def _use() -> str:
    return "\n".join(
        [
            "## Use",
            "",
            "```python",
            "from embedrank import Embedder",
            "",
            'model = Embedder.load("FOLDER")',
            'vectors = model.encode_documents(["a text"])',
            "```",
        ]
    )
