"""Running a GGUF file in llama.cpp, through the C interface of its Python package.

The package's own `embed` takes as many numbers per text as the model is wide, also of rerankers, which give two.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from embedrank.core.errors import CheckpointError
from embedrank.core.types import FloatArray
from embedrank.model.export.format import Readings
from embedrank.model.export.gguf_keys import PROMPT_KEY
from embedrank.model.export.probe import Probe
from embedrank.model.provenance import EMBEDDER

_BATCH_TOKENS = 2048
_BATCH_TEXTS = 64


def read_in_llama_cpp(target: Path, kind: str, probe: Probe) -> Readings:
    """Tokenise, run and pool in llama.cpp, with prompts and template from the file.

    Args:
        target: The file.
        kind: `embedder` or `reranker`.
        probe: The texts.

    Returns:
        Its answers.
    """
    import llama_cpp

    with _opened(target) as session:
        if kind == EMBEDDER:
            sides = [session.field(PROMPT_KEY + side) + text for side in ("document", "query") for text in probe.texts]
            together, alone = (_unit(session.run(sides, width=session.width, batch=size)) for size in (_BATCH_TEXTS, 1))
        else:
            template = session.field("tokenizer.chat_template.rerank")
            prompts = [template.replace("{query}", query).replace("{document}", text) for query, text in probe.pairs]
            together, alone = (session.run(prompts, width=2, batch=size)[:, 0] for size in (_BATCH_TEXTS, 1))
    ways = {"batched": together, "alone": alone}
    return Readings(runtime=f"llama.cpp (llama-cpp-python {llama_cpp.__version__})", ways=ways)


class _Session:
    def __init__(self, library: Any, model: Any, context: Any, target: Path, batch_tokens: int) -> None:
        self._library, self._model, self._context, self._target = library, model, context, target
        self._batch_tokens = batch_tokens
        self.width = int(library.llama_model_n_embd(model))

    def field(self, key: str) -> str:
        """A field of the metadata; the empty string where the file has none."""
        import ctypes

        buffer = ctypes.create_string_buffer(1 << 16)
        size = self._library.llama_model_meta_val_str(self._model, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8") if size >= 0 else ""

    def run(self, texts: Sequence[str], *, width: int, batch: int) -> FloatArray:
        """The first `width` numbers that pooling gives for each text."""
        tokens = [self._tokens(text) for text in texts]
        answers: list[FloatArray] = []
        group: list[list[int]] = []
        for each in tokens:
            if group and (len(group) == batch or sum(map(len, group)) + len(each) > self._batch_tokens):
                answers.extend(self._decode(group, width))
                group = []
            group.append(each)
        answers.extend(self._decode(group, width))
        return np.stack(answers)

    def _tokens(self, text: str) -> list[int]:
        vocabulary, spelled = self._library.llama_model_get_vocab(self._model), text.encode("utf-8")
        room = len(spelled) + 2
        buffer = (self._library.llama_token * room)()
        count = self._library.llama_tokenize(vocabulary, spelled, len(spelled), buffer, room, True, True)
        return list(buffer[:count])

    def _decode(self, group: Sequence[Sequence[int]], width: int) -> Iterator[FloatArray]:
        library = self._library
        batch = library.llama_batch_init(sum(map(len, group)), 0, 1)
        try:
            place = 0
            for row, tokens in enumerate(group):
                for position, token in enumerate(tokens):
                    batch.token[place], batch.pos[place] = token, position
                    batch.n_seq_id[place], batch.seq_id[place][0], batch.logits[place] = 1, row, 1
                    place += 1
            batch.n_tokens = place
            library.llama_memory_clear(library.llama_get_memory(self._context), True)
            if library.llama_decode(self._context, batch):
                raise CheckpointError(self._target, "llama.cpp could not run it")
            for row in range(len(group)):
                yield np.array(library.llama_get_embeddings_seq(self._context, row)[:width], dtype=np.float32)
        finally:
            library.llama_batch_free(batch)


@contextmanager
def _opened(target: Path) -> Iterator[_Session]:
    import llama_cpp as library

    logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)  # unset, every line of loading goes to stderr
    library.llama_backend_init()
    model = library.llama_model_load_from_file(str(target).encode(), library.llama_model_default_params())
    if not model:
        raise CheckpointError(target, "llama.cpp cannot load it")
    params = library.llama_context_default_params()
    tokens = min(_BATCH_TOKENS, library.llama_model_n_ctx_train(model))
    params.embeddings, params.n_seq_max = True, _BATCH_TEXTS
    params.n_ctx = params.n_batch = params.n_ubatch = tokens
    params.kv_unified = True
    # The file is checked, not the runtime's own rounding: its cache and its fused attention on CPU are in float16.
    params.type_k = params.type_v = library.GGML_TYPE_F32
    params.flash_attn_type = library.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context = library.llama_init_from_model(model, params)
    try:
        if not context:
            raise CheckpointError(target, "llama.cpp cannot open a context of it")
        yield _Session(library, model, context, target, tokens)
    finally:
        if context:
            library.llama_free(context)
        library.llama_model_free(model)


def _unit(vectors: FloatArray) -> FloatArray:
    unit: FloatArray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
