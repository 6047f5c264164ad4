"""The classifier folder says to the byte what our prompt says, and its one row is the difference of two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from embedrank.core.prompts import RERANK_TEMPLATES, rerank_template
from embedrank.model.export.sequence_classifier import chat_template

transformers = pytest.importorskip("transformers")


@pytest.mark.parametrize("name", list(RERANK_TEMPLATES))
@pytest.mark.parametrize("instruction", [None, "Find the answer"])
def test_the_chat_template_spells_the_prompt(name: str, instruction: str | None) -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    template = rerank_template(name)
    query, document = 'two\n"lines"\\n {{ x }}', "\n  text with a newline at the end\n"
    messages = [{"role": "query", "content": query}, {"role": "document", "content": document}]
    if instruction:
        messages.insert(0, {"role": "system", "content": instruction})
    rendered, _ = render_jinja_template([messages], chat_template=chat_template(template))
    assert rendered == [template.prompt(query, document, instruction)]


def test_the_folder_is_a_classifier_with_one_label(exported, reranker_folder: Path) -> None:
    folder = exported("reranker", "sequence-classification", "fp32").target
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["Qwen3ForSequenceClassification"]
    assert config["num_labels"] == 1
    assert isinstance(config["pad_token_id"], int)
    tensors = load_file(folder / "model.safetensors")
    source = load_file(reranker_folder / "model.safetensors")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    yes, no = tokenizer.convert_tokens_to_ids(["yes", "no"])
    table = source["model.embed_tokens.weight"]
    assert torch.equal(tensors["score.weight"], (table[yes] - table[no])[None])
    assert "lm_head.weight" not in tensors


def test_a_cross_encoder_takes_plain_pairs_and_an_instruction(exported, reranker_folder: Path) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    from embedrank import Reranker

    encoder = sentence_transformers.CrossEncoder(
        str(exported("reranker", "sequence-classification", "fp32").target), device="cpu"
    )
    ours = Reranker.load(str(reranker_folder), dtype="fp32")
    documents = ["world", "no world at all"]
    plain = encoder.predict([("hello?", document) for document in documents])
    told = encoder.predict([("hello?", document) for document in documents], prompt="Find the answer")
    assert abs(plain - ours.score("hello?", documents)).max() < 1e-5
    assert abs(told - ours.score("hello?", documents, instruction="Find the answer")).max() < 1e-5
    assert abs(plain - told).max() > 1e-5
