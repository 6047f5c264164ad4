"""Rerankers as a classifier with one label, which cross-encoders and servers load: `score.weight = W[yes] - W[no]`.

The chat template renders a query and a document as the whole prompt, so that sentence-transformers' `CrossEncoder`
takes plain pairs. Where a system message is given it takes the place of the instruction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from embedrank.core.prompts import RerankTemplate, rerank_template
from embedrank.core.types import FloatArray
from embedrank.model.checkpoint import config_json
from embedrank.model.export.folder import write_folder
from embedrank.model.export.format import Readings
from embedrank.model.export.padding import SIDES
from embedrank.model.export.probe import Probe, probabilities
from embedrank.model.export.quiet import quiet
from embedrank.model.export.source import DTYPES, Source
from embedrank.model.head import SCORE
from embedrank.model.provenance import RERANKER
from embedrank.model.reranker import Reranker

CHAT_TEMPLATE = "chat_template.jinja"


class SequenceClassifier:
    """A folder of `Qwen3ForSequenceClassification` with one label."""

    name = "sequence-classification"
    kinds: tuple[str, ...] = (RERANKER,)
    dtypes: tuple[str, ...] = ("bf16", "fp32", "fp16")
    suffix = ""

    def require(self, dtype: str | None) -> None:
        """Writing needs nothing more; the check takes what is there."""

    def write(self, source: Source, target: Path, dtype: str) -> Mapping[str, Any]:
        """Write the folder, one tensor in memory at a time."""
        rows = source.head().weight.detach()
        files = {"config.json": _config(source, dtype)}
        score = {SCORE: rows[1:] - rows[:1]}
        write_folder(target, source, files, dtype=dtype, prefix="model.", added=score, post_processor=False)
        (target / CHAT_TEMPLATE).write_text(chat_template(rerank_template()), encoding="utf-8")
        return {"num_labels": 1, "activation": "sigmoid"}

    def read_back(self, target: Path, kind: str, probe: Probe, *, dtype: str) -> Readings:
        """Score with transformers, with a CrossEncoder and with this library, as far as they are installed."""
        ways = {"embedrank": probe.probabilities(Reranker.load(str(target), device="cpu", dtype=dtype))}
        runtimes, notes = ["embedrank"], []
        try:
            import transformers
        except ImportError:
            notes.append("transformers is not installed: read back with embedrank's own loader")
        else:
            ways |= _in_transformers(target, probe, DTYPES[dtype])
            runtimes.append(f"transformers {transformers.__version__}")
        try:
            import sentence_transformers
        except ImportError:
            notes.append("sentence-transformers is not installed: not tried as a CrossEncoder")
        else:
            with quiet():
                encoder = sentence_transformers.CrossEncoder(
                    str(target), device="cpu", model_kwargs={"dtype": DTYPES[dtype]}
                )
            if "message" in getattr(encoder[0], "modality_config", {}):
                ways["CrossEncoder"] = encoder.predict(probe.pairs, batch_size=64, show_progress_bar=False)
                runtimes.append(f"sentence-transformers {sentence_transformers.__version__}")
            else:
                notes.append("this sentence-transformers has no chat templates: spell the prompt yourself there")
        return Readings(runtime=", ".join(runtimes), ways=ways, notes=tuple(notes))


def chat_template(template: RerankTemplate) -> str:
    """A reranker's prompt as a Jinja template over messages of the roles query, document and system.

    Args:
        template: The prompt.

    Returns:
        The template; every piece of text is a string literal, because Jinja would drop a newline at the end.
    """
    before, after = template.middle("\0", "\1", "\2").split("\0")
    opening, closing = before.split("\2")
    between, ending = after.split("\1")
    pieces = [
        _literal(template.prefix + opening),
        f"(system or {_literal(template.instruction)})",
        _literal(closing),
        "query",
        _literal(between),
        "document",
        _literal(ending + template.suffix),
    ]
    roles = "".join(
        f'{{%- set {role} = messages | selectattr("role", "equalto", "{role}") | map(attribute="content") | first '
        f'| default("", true) -%}}\n'
        for role in ("system", "query", "document")
    )
    return roles + "".join(f"{{{{- {piece} -}}}}\n" for piece in pieces)


def _literal(text: str) -> str:
    return json.dumps(text)


def _config(source: Source, dtype: str) -> dict[str, Any]:
    return {
        **config_json(source.config, "Qwen3ForSequenceClassification", source.tokenizer, DTYPES[dtype]),
        "num_labels": 1,
        "id2label": {"0": "yes"},
        "label2id": {"yes": 0},
        "sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"},
    }


def _in_transformers(target: Path, probe: Probe, dtype: torch.dtype) -> dict[str, FloatArray]:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    with quiet():
        model = AutoModelForSequenceClassification.from_pretrained(target, dtype=dtype).eval()
    tokenizer = AutoTokenizer.from_pretrained(target)
    ways = {}
    for side in SIDES:
        tokenizer.padding_side = side
        inputs = tokenizer(probe.prompts(), padding=True, return_tensors="pt")
        with torch.inference_mode():
            logits = model(**inputs).logits[:, 0].float()
        ways[f"transformers, padded {side}"] = probabilities(logits.numpy())
    return ways
