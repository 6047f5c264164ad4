"""What stands beside an exported model: `embedrank.json` for programs, `README.md` for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from embedrank.core.errors import CheckpointError
from embedrank.core.prompts import rerank_template
from embedrank.model.export.source import Source
from embedrank.model.provenance import EMBEDDER, FILE

CARD = "README.md"


def record_of(source: Source, *, export_format: str, dtype: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Everything a user needs to run an exported model without this library.

    Args:
        source: The model.
        export_format: Name of the format.
        dtype: Number type.
        facts: What the format adds.

    Returns:
        The content of `embedrank.json`.
    """
    template = rerank_template()
    spelled: dict[str, Any] = (
        {"prompts": {"query": source.prompts.query_prefix, "document": source.prompts.document_prefix}}
        if source.kind == EMBEDDER
        else {
            "template": template.prompt("{query}", "{document}", "{instruction}"),
            "instruction": template.instruction,
        }
    )
    return {
        **source.provenance,
        "kind": source.kind,
        **spelled,
        **({"pooling": source.pooling} if source.kind == EMBEDDER else {}),
        "max_length": source.max_length,
        "pad_token_id": source.tokenizer.end_id,
        "export": {
            "format": export_format,
            "dtype": dtype,
            "from": source.name,
            "weights": source.weights.fingerprint().hex(),
            **facts,
        },
    }


def write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write `embedrank.json`."""
    (folder / FILE).write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_record(folder: Path) -> dict[str, Any]:
    """Read `embedrank.json` of an export.

    Args:
        folder: The exported folder.

    Returns:
        Its content.

    Raises:
        CheckpointError: If it is missing or damaged.
    """
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(folder / FILE, f"cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(folder / FILE, "is not a JSON object")
    return content


def write_card(folder: Path, source: Source, *, export_format: str, dtype: str, checked: str) -> None:
    """Write `README.md` with the lines of Python that run the model.

    Args:
        folder: The exported folder.
        source: The model.
        export_format: Name of the format.
        dtype: Number type.
        checked: How it was checked, in one sentence.
    """
    title = f"# {source.provenance.get('name', Path(source.name).name)}, {export_format} ({dtype})"
    lines = [
        title,
        f"\nA Qwen3 {source.kind} exported by embedrank from `{source.name}`. {checked}\n",
        f"Reads at most {source.max_length} tokens; what to put before texts is in `{FILE}`.\n",
        "```python\n" + usage(export_format, source.kind) + "```\n",
    ]
    (folder / CARD).write_text("\n".join(lines), encoding="utf-8")


def usage(export_format: str, kind: str) -> str:
    """Python that runs an exported folder without this library.

    Args:
        export_format: Name of the format.
        kind: `embedder` or `reranker`.

    Returns:
        The lines, to be run beside the files.
    """
    file = resources.files("embedrank.model.export").joinpath("usage").joinpath(f"{export_format}-{kind}.txt")
    return file.read_text(encoding="utf-8")
