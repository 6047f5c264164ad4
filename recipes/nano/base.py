"""A first checkpoint: a token table learned as a bag of tokens, with a decoder laid over it, as a model folder.

python recipes/nano/base.py --rows FILE --tokenizer FOLDER --config base.yaml --out FOLDER
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from bag import learn_table
from held_out import is_held_out

from embedrank.core.settings import build, read_yaml
from embedrank.model.checkpoint import save_embedder
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.prompting import PromptPolicy
from embedrank.model.tokenizer import TextTokenizer
from embedrank.training.rows import TrainingRow, read_rows
from embedrank.training.token_table import lay_under


def rows_of(files: Sequence[Path]) -> tuple[dict[str, list[TrainingRow]], dict[str, list[TrainingRow]]]:
    """Rows to learn from and rows kept aside, by file; graded pairs and labels are for later stages."""
    learned: dict[str, list[TrainingRow]] = {}
    held: dict[str, list[TrainingRow]] = {}
    for file in files:
        for path in sorted(file.glob("*.jsonl")) if file.is_dir() else [file]:
            for row in read_rows(path):
                if row.task in ("retrieval", "code", "bitext"):
                    (held if is_held_out(row) else learned).setdefault(path.stem, []).append(row)
    return learned, held


def model_folder(settings: Mapping[str, Any], files: Sequence[Path], tokenizer: TextTokenizer, out: Path) -> None:
    """Learn the table and save the decoder over it."""
    shape = build(DecoderConfig, settings["decoder"])
    size = (shape.vocab_size, shape.hidden_size)
    rows, held = rows_of(files)
    table = learn_table(settings["table"], tokenizer, rows, held, shape=size, folder=out / "table")
    decoder = Decoder(shape)
    initialize(decoder, seed=0)
    lay_under(decoder, table, end_id=tokenizer.end_id)
    raw = PromptPolicy(query_prefix="", document_prefix="")
    with torch.no_grad():
        save_embedder(out / "model", decoder, tokenizer, prompts=raw, max_length=settings["max_length"], provenance={})


def main() -> None:
    """Read the settings, learn, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, action="append", required=True, help="file or folder; again for more")
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--config", type=Path, required=True, help="decoder, table, max_length")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    tokenizer = TextTokenizer.load(arguments.tokenizer)
    model_folder(read_yaml(arguments.config), arguments.rows, tokenizer, arguments.out)


if __name__ == "__main__":
    main()
