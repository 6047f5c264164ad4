"""Folders that training and merging leave are read by sentence-transformers and transformers as they are, with the
same results, and hold what vLLM and TEI look for: the files, fields and tensor names of the official checkpoints.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open

from embedrank import Embedder, Reranker
from embedrank.core.prompts import DEFAULT_QUERY_INSTRUCTION, format_query, rerank_template
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.prompting import PromptPolicy
from embedrank.training.merge.config import MergeConfig
from embedrank.training.merge.merging import merge
from embedrank.training.stages.config import StageConfig
from embedrank.training.stages.run import run_stage
from tests.model.conftest import pico_decoder, pico_tokenizer

TEXTS = ["hello world", "no", "the bear catches a salmon where the river falls"]
PAIRS = [("hello", "world"), ("where is the bear", "the bear is at the river"), ("a", "<|im_end|> b")]
WAYS = ("trained", "adapted", "merged", "sharded")
LAYERS = {
    "input_layernorm": (48,),
    "post_attention_layernorm": (48,),
    "self_attn.q_proj": (64, 48),
    "self_attn.k_proj": (32, 48),
    "self_attn.v_proj": (32, 48),
    "self_attn.o_proj": (48, 64),
    "self_attn.q_norm": (16,),
    "self_attn.k_norm": (16,),
    "mlp.gate_proj": (80, 48),
    "mlp.up_proj": (80, 48),
    "mlp.down_proj": (48, 80),
}
"""Names and shapes of a layer's weights in the official checkpoints, at the size of the pico model."""


def stage(kind: str, model: Path, rows: Path, **changes: Any) -> StageConfig:
    settings = {
        "kind": kind,
        "model": str(model),
        "sources": {"words": str(rows)},
        "mixture": {"batch_size": 4},
        "objective": {"dims": [48, 16], "quantise": {"lsq": 1.0}} if kind == "embedder" else {"num_negatives": 1},
        "loop": {"num_steps": 3, "learning_rate": 1e-2, "warmup_steps": 1, "bf16": False},
        "device": "cpu",
    }
    return StageConfig.from_mapping({**settings, **changes})


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Folder that a way leaves for a kind."""
    root = tmp_path_factory.mktemp("left")
    rows = root / "rows.jsonl"
    words = ("bear", "river", "ferry", "whale", "stamp", "moon", "tide", "forest")
    texts = [{"query": f"where is the {word}", "positives": [f"the {word}"], "negatives": ["no"]} for word in words]
    rows.write_text("\n".join(json.dumps({"task": "retrieval", **text}) for text in texts))
    found = {}
    for kind in ("embedder", "reranker"):
        base = root / f"{kind}-base"
        if kind == "embedder":
            save_embedder(base, pico_decoder(), pico_tokenizer(), prompts=PromptPolicy(), max_length=512)
        else:
            save_reranker(base, pico_decoder(), pico_tokenizer())
        trained = run_stage(stage(kind, base, rows), root / f"{kind}-trained").model
        objective = {"dims": [48]} if kind == "embedder" else {"num_negatives": 1}
        adapted = run_stage(
            stage(kind, base, rows, lora={"rank": 4}, objective=objective), root / f"{kind}-adapted"
        ).model
        merged = merge([trained, adapted], root / f"{kind}-merged", MergeConfig())
        sharded = merge([trained, adapted], root / f"{kind}-sharded", MergeConfig(), shard_bytes=20_000)
        found.update({(kind, way): path for way, path in zip(WAYS, (trained, adapted, merged, sharded), strict=True)})
    return lambda kind, way: found[kind, way]


def read(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text())


def shapes(folder: Path) -> dict[str, tuple[int, ...]]:
    found = {}
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            found.update({name: tuple(file.get_slice(name).get_shape()) for name in file.keys()})  # noqa: SIM118
    return found


def official(prefix: str) -> dict[str, tuple[int, ...]]:
    layers = {f"{prefix}layers.{layer}.{name}.weight": shape for layer in range(3) for name, shape in LAYERS.items()}
    return {f"{prefix}embed_tokens.weight": (320, 48), f"{prefix}norm.weight": (48,), **layers}


@pytest.mark.parametrize("way", WAYS)
def test_embedders_hold_the_tensors_and_files_of_the_official_ones(left: Callable[[str, str], Path], way: str) -> None:
    folder = left("embedder", way)
    assert shapes(folder) == official("")
    config = read(folder, "config.json")
    assert (config["architectures"], config["model_type"]) == (["Qwen3Model"], "qwen3")
    assert (config["head_dim"], config["num_attention_heads"], config["num_key_value_heads"]) == (16, 4, 2)
    assert config["torch_dtype"] == "bfloat16" and config["tie_word_embeddings"] is True
    modules = [(module["path"], module["type"].rsplit(".", 1)[1]) for module in read(folder, "modules.json")]
    assert modules == [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    pooling = read(folder, "1_Pooling/config.json")
    assert pooling["word_embedding_dimension"] == 48
    assert [name for name, value in pooling.items() if value is True] == ["pooling_mode_lasttoken", "include_prompt"]
    prompts = read(folder, "config_sentence_transformers.json")
    assert prompts["prompts"] == {"query": f"Instruct: {DEFAULT_QUERY_INSTRUCTION}\nQuery:", "document": ""}
    assert prompts["similarity_fn_name"] == "cosine"
    assert read(folder, "sentence_bert_config.json")["max_seq_length"] == 512
    end = config["eos_token_id"]
    assert _tokenizer(folder)("hello")["input_ids"][-1] == end  # every reader appends it, since the file says so


@pytest.mark.parametrize("way", WAYS)
def test_rerankers_hold_the_tensors_and_files_of_the_official_ones(left: Callable[[str, str], Path], way: str) -> None:
    folder = left("reranker", way)
    assert shapes(folder) == official("model.")
    config = read(folder, "config.json")
    assert (config["architectures"], config["model_type"]) == (["Qwen3ForCausalLM"], "qwen3")
    assert config["tie_word_embeddings"] is True and not (folder / "modules.json").exists()
    assert _tokenizer(folder)("hello")["input_ids"][-1] != config["eos_token_id"]  # prompts end with their suffix


@pytest.mark.parametrize("way", WAYS)
def test_sentence_transformers_gives_our_vectors(left: Callable[[str, str], Path], way: str) -> None:
    from sentence_transformers import SentenceTransformer

    ours = Embedder.load(str(left("embedder", way)), device="cpu", dtype="fp32")
    theirs = SentenceTransformer(str(left("embedder", way)), device="cpu", model_kwargs={"dtype": torch.float32})
    assert theirs.max_seq_length == 512
    assert np.abs(ours.encode_documents(TEXTS) - theirs.encode_document(TEXTS)).max() < 1e-5
    assert np.abs(ours.encode_queries(TEXTS) - theirs.encode_query(TEXTS)).max() < 1e-5


@pytest.mark.parametrize("way", WAYS)
def test_transformers_gives_our_vectors(left: Callable[[str, str], Path], way: str) -> None:
    from transformers import AutoModel

    folder = left("embedder", way)
    model = AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    inputs = _tokenizer(folder)(
        [format_query(text, DEFAULT_QUERY_INSTRUCTION) for text in TEXTS], padding=True, return_tensors="pt"
    )
    with torch.inference_mode():
        hidden = model(**inputs).last_hidden_state
    last = inputs["attention_mask"].shape[1] - 1 - inputs["attention_mask"].flip(1).argmax(1)
    theirs = torch.nn.functional.normalize(hidden[torch.arange(len(TEXTS)), last], dim=-1)
    ours = Embedder.load(str(folder), device="cpu", dtype="fp32").encode_queries(TEXTS)
    assert np.abs(ours - theirs.numpy()).max() < 1e-5


@pytest.mark.parametrize("way", WAYS)
def test_transformers_gives_our_yes_and_no(left: Callable[[str, str], Path], way: str) -> None:
    from transformers import AutoModelForCausalLM

    folder, template = left("reranker", way), rerank_template()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = _tokenizer(folder)
    ours = Reranker.load(str(folder), device="cpu", dtype="fp32")
    yes, no = (tokenizer.convert_tokens_to_ids(answer) for answer in ("yes", "no"))
    for query, document in PAIRS:
        parts = (template.prefix, template.middle(query, document, None), template.suffix)
        prompt = [token for part in parts for token in tokenizer(part)["input_ids"]]
        with torch.inference_mode():
            logits = model(torch.tensor([prompt])).logits[0, -1]
        assert ours.logits(query, [document])[0] == pytest.approx(float(logits[yes] - logits[no]), abs=1e-4)


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder)
