"""Reading a GGUF file back without llama.cpp: its own tensors in our decoder, its own vocabulary as tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.embedder import Embedder
from embedrank.model.export.format import Readings
from embedrank.model.export.gguf_keys import CLASSIFIER, POOLINGS, PROMPT_KEY
from embedrank.model.export.gguf_vocabulary import Vocabulary
from embedrank.model.export.probe import Probe
from embedrank.model.head import YesNoHead
from embedrank.model.prompting import PromptPolicy
from embedrank.model.provenance import EMBEDDER
from embedrank.model.reranker import Reranker

_NOTE = "llama-cpp-python is not installed: read back with the gguf package and run in embedrank's decoder"


def read_with_gguf(target: Path, kind: str, probe: Probe) -> Readings:
    """Rebuild a model from a file and run it.

    Args:
        target: The file.
        kind: `embedder` or `reranker`.
        probe: The texts.

    Returns:
        Its answers.
    """
    import gguf

    fields = Fields(gguf.GGUFReader(target))
    decoder, limit = _decoder(fields), int(fields["qwen3.context_length"])
    tokenizer = fields.vocabulary().tokenizer()
    if kind == EMBEDDER:
        prompts = PromptPolicy(
            query_prefix=fields.get(PROMPT_KEY + "query", ""),
            document_prefix=fields.get(PROMPT_KEY + "document", ""),
        )
        pooling = next(name for name, code in POOLINGS.items() if code == fields["qwen3.pooling_type"])
        embedder = Embedder(decoder, tokenizer, prompts=prompts, pooling=pooling, max_length=limit)
        ways = {"packed": probe.vectors(embedder)}
    else:
        head = YesNoHead(fields.tensor(CLASSIFIER).flip(0))
        ways = {"packed": probe.probabilities(Reranker(decoder, head, tokenizer, max_length=limit))}
    return Readings(runtime="gguf, embedrank's decoder", ways=ways, notes=(_NOTE,))


class Fields:
    """The metadata and tensors of an opened file."""

    def __init__(self, reader: Any) -> None:
        """Wrap a reader.

        Args:
            reader: The `gguf.GGUFReader`.
        """
        self._reader = reader
        self._tensors = {tensor.name: tensor for tensor in reader.tensors}

    def __getitem__(self, key: str) -> Any:
        return self._reader.fields[key].contents()

    def get(self, key: str, default: Any) -> Any:
        """A field, or the default where the file has none."""
        return self[key] if key in self._reader.fields else default

    def tensor(self, name: str) -> torch.Tensor:
        """A tensor in float32."""
        import gguf

        stored = self._tensors[name]
        values = gguf.dequantize(stored.data, stored.tensor_type)
        return torch.from_numpy(np.array(values, dtype=np.float32))

    def vocabulary(self) -> Vocabulary:
        """The tokenizer's parts."""
        return Vocabulary(
            tokens=self["tokenizer.ggml.tokens"],
            types=self["tokenizer.ggml.token_type"],
            merges=self["tokenizer.ggml.merges"],
            pre=self["tokenizer.ggml.pre"],
        )


def _decoder(fields: Fields) -> Decoder:
    import gguf

    config = DecoderConfig(
        vocab_size=fields["qwen3.vocab_size"],
        hidden_size=fields["qwen3.embedding_length"],
        intermediate_size=fields["qwen3.feed_forward_length"],
        num_hidden_layers=fields["qwen3.block_count"],
        num_attention_heads=fields["qwen3.attention.head_count"],
        num_key_value_heads=fields["qwen3.attention.head_count_kv"],
        head_dim=fields["qwen3.attention.key_length"],
        max_position_embeddings=fields["qwen3.context_length"],
        rms_norm_eps=fields["qwen3.attention.layer_norm_rms_epsilon"],
        rope_theta=fields["qwen3.rope.freq_base"],
        is_causal=fields.get("qwen3.attention.causal", True),
    )
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, config.num_hidden_layers)
    with torch.device("meta"):
        decoder = Decoder(config)
    state = {
        name: fields.tensor(str(names.get_name("model." + name, try_suffixes=(".weight",))))
        for name in decoder.state_dict()
    }
    decoder.load_state_dict(state, assign=True)
    return decoder.requires_grad_(False).eval()
