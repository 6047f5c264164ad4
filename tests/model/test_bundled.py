"""The models in the box: they fit, every loader reads them, and they do what they are for on the bundled corpus."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from embedrank import Embedder, Reranker
from embedrank.evaluation.beir import BeirSet, load_beir
from tests.model.full_vocabulary import full_vocabulary_logits

MEGABYTE = 1_000_000
MAX_MEGABYTES = 25
TEXTS = ["How long are logs kept?", "日志保留十天。", "def keep(days: int) -> None: ..."]


@pytest.fixture(scope="module")
def demo(repository: Path) -> BeirSet:
    return load_beir(repository / "embedrank" / "data" / "demo", "test")


@pytest.mark.parametrize("name", ["nano-embedder", "nano-reranker"])
def test_each_bundled_model_is_small_and_tells_what_it_is(bundled_models: Path, name: str) -> None:
    folder = bundled_models / name
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) <= MAX_MEGABYTES * MEGABYTE
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert all(part in card for part in ("licence", "## Data", "## Figures", "nDCG@10"))
    assert json.loads((folder / "embedrank.json").read_text())["kind"] == name.removeprefix("nano-")


def test_sentence_transformers_reads_the_bundled_embedder(bundled_models: Path) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    theirs = sentence_transformers.SentenceTransformer(
        str(bundled_models / "nano-embedder"), device="cpu", model_kwargs={"dtype": torch.float32}
    )
    ours = Embedder.load("nano", dtype="fp32")
    assert np.abs(ours.encode_documents(TEXTS) - theirs.encode(TEXTS)).max() < 1e-5


def test_transformers_reads_the_bundled_reranker(bundled_models: Path) -> None:
    expected = full_vocabulary_logits(bundled_models / "nano-reranker", "log retention", TEXTS)
    ours = Reranker.load("nano", dtype="fp32").logits("log retention", TEXTS)
    assert np.abs(ours - expected).max() < 1e-3


def test_the_bundled_reranker_prefers_the_right_document_to_others_of_the_same_kind(demo: BeirSet) -> None:
    reranker = Reranker.load("nano", dtype="fp32")
    texts = {document.id: document.text for document in demo.documents}
    kinds: dict[str, list[str]] = {}
    for name in texts:
        kinds.setdefault(name.split("/")[0], []).append(name)
    won = []
    for query, grades in sorted(demo.qrels.items())[::2]:
        right = max(grades, key=lambda name: grades[name])
        others = [name for name in kinds[right.split("/")[0]] if grades.get(name, 0) <= 0][:8]
        logits = reranker.logits(demo.queries[query], [texts[name] for name in (right, *others)])
        won.append(float((logits[0] > logits[1:]).mean()))
    assert np.mean(won) > 0.8, "chance is a half"


def test_bfloat16_leaves_the_order_of_the_bundled_reranker(demo: BeirSet) -> None:
    texts = [document.text for document in demo.documents][:40]
    query = next(iter(demo.queries.values()))
    exact, rounded = (Reranker.load("nano", dtype=dtype).logits(query, texts) for dtype in ("fp32", "bf16"))
    assert np.corrcoef(exact, rounded)[0, 1] > 0.99
