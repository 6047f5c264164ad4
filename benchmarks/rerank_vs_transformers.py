"""One query against many documents: ours, and the plain transformers route of the model card, in turns.

    python benchmarks/rerank_vs_transformers.py [--documents 100] [--rounds 3] [--shape nano|0.6b] [--dtype fp32]

The plain route reads the whole prompt for every document, padded to the longest of its batch, and computes the whole
vocabulary at its last position. It gets its best batch size of 1, 8 and 32.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _alternating import alternate, print_ratios
from _official_shape import DTYPES, SHAPE, SHAPES, mixed_texts

from embedrank import Reranker
from embedrank.core.prompts import rerank_template
from embedrank.model.checkpoint import save_reranker
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.resolve import resolve
from embedrank.model.tokenizer import TextTokenizer

QUERY = "which river flows through the largest city of the country, and where does it meet the sea?"
BATCHES = (1, 8, 32)


class PlainRoute:
    """What the model card does: one prompt a document, left padding, logits of the whole vocabulary."""

    def __init__(self, folder: Path, tokenizer: TextTokenizer, dtype: torch.dtype) -> None:
        from transformers import AutoModelForCausalLM

        auto: Any = AutoModelForCausalLM
        self._model = auto.from_pretrained(folder, dtype=dtype).eval()
        self._tokenizer = tokenizer
        self._answers = [tokenizer.token_id("no"), tokenizer.token_id("yes")]

    @torch.inference_mode()
    def score(self, query: str, documents: Sequence[str], *, batch: int) -> np.ndarray:
        """Probability of yes, document by document."""
        template, scores = rerank_template(), []
        for start in range(0, len(documents), batch):
            prompts = [
                template.prefix + template.middle(query, document, None) + template.suffix
                for document in documents[start : start + batch]
            ]
            rows = self._tokenizer.encode(prompts)
            longest = max(map(len, rows))
            ids = torch.tensor([[self._tokenizer.end_id] * (longest - len(row)) + row for row in rows])
            mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
            logits = self._model(input_ids=ids, attention_mask=mask).logits[:, -1, self._answers]
            scores.append(logits.float().softmax(-1)[:, 1])
        return torch.cat(scores).numpy()


def reranker_folder(shape: str, folder: Path) -> Path:
    """The bundled reranker, or random weights of the official shape, written once."""
    if shape == "nano":
        return resolve("nano", kind="reranker")
    if not folder.is_dir():
        decoder = Decoder(SHAPE)
        initialize(decoder, seed=0)
        save_reranker(folder, decoder.to(torch.bfloat16), TextTokenizer.load(resolve("nano", kind="reranker")))
    return folder


def main() -> None:
    """Measure both in turns and print ratios and the largest difference of scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shape", choices=SHAPES, default="nano")
    parser.add_argument("--dtype", choices=tuple(DTYPES), default="fp32")
    arguments = parser.parse_args()
    folder = reranker_folder(arguments.shape, Path(tempfile.gettempdir()) / "embedrank-bench-0.6b-reranker")
    tokenizer = TextTokenizer.load(folder)
    documents = mixed_texts(tokenizer, count=arguments.documents, median=100, longest=512, seed=0)
    ours = Reranker.load(str(folder), dtype=arguments.dtype, device="cpu")
    plain = PlainRoute(folder, tokenizer, DTYPES[arguments.dtype])
    systems: dict[str, Callable[[], np.ndarray]] = {"embedrank": partial(ours.score, QUERY, documents)}
    for batch in BATCHES:
        systems[f"transformers, batch {batch}"] = partial(plain.score, QUERY, documents, batch=batch)
    scores = {name: run() for name, run in systems.items()}
    furthest = np.abs(scores["embedrank"] - scores["transformers, batch 1"]).max()
    print(
        f"1 query x {len(documents)} documents, shape {arguments.shape}, {arguments.dtype}, "
        f"{torch.get_num_threads()} threads; largest difference of scores {furthest:.1e}"
    )
    seconds = alternate(systems, rounds=arguments.rounds)
    print_ratios(seconds, ours="embedrank", amount=len(documents), unit="documents")


if __name__ == "__main__":
    main()
