"""Any sentence-transformers folder as an encoder, prompted as its makers and the library say."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from embedrank.core.errors import NumericalError
from embedrank.core.prompts import format_query
from embedrank.core.types import Encoded, FloatArray, Truncation
from embedrank.evaluation.rivals.model_files import files_digest
from embedrank.evaluation.rivals.sentence_transformers_model import load_model, longest_read
from embedrank.evaluation.rivals.token_counts import token_counts
from embedrank.evaluation.rivals.unit_rows import checked_dim, front, unit_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH_SIZE: Final = 32
_INSTRUCTED: Final = re.compile(r"(Instruct: )(.+)(\nQuery: ?)")
_DOCUMENT_PROMPTS: Final = ("document", "passage", "corpus")  # in the order of the library


class SentenceFolder:
    """An `Encoder`; queries go through the library's `encode_query`, documents through its `encode_document`.

    Attributes:
        name: How it was asked for.
        fingerprint: Hash of its files.
        dim: Numbers of a vector.
        precision: Numbers that it computes in.
        max_length: Most tokens read of a text; None where the model has no limit.
        default_instruction: The task in its own query prompt, where that has the form of an instruction.
    """

    def __init__(self, model: SentenceTransformer, *, name: str, fingerprint: str) -> None:
        """Wrap a loaded model; `load` does it from a folder.

        Args:
            model: The model.
            name: How it is called in reports.
            fingerprint: Hash of everything that decides its vectors.
        """
        self._model = model
        self.name, self.fingerprint = name, fingerprint
        self.dim = int(model.get_embedding_dimension() or len(model.encode_document("a")))
        self.precision = str(model.dtype).removeprefix("torch.")
        self.max_length = longest_read(model)
        self._query_prompt = model.prompts.get("query") or ""
        self._document_prompt = next(filter(None, (model.prompts.get(key) for key in _DOCUMENT_PROMPTS)), "")
        self._instructed = _INSTRUCTED.fullmatch(self._query_prompt)
        self.default_instruction = self._instructed.group(2) if self._instructed else None

    @classmethod
    def load(cls, name: str, *, dtype: str | None = None, device: str | None = None) -> SentenceFolder:
        """Load a model.

        Args:
            name: A folder, or a hub id.
            dtype: `bf16`, `fp32` or `fp16`; None chooses as for our own models.
            device: Such as `cpu` or `cuda:1`; None takes the fastest.

        Returns:
            The model.

        Raises:
            MissingPackageError: If sentence-transformers is not installed.
            ModelNotFoundError: If there is no such model.
            CheckpointError: If the library cannot load it.
        """
        model, folder = load_model("SentenceTransformer", "st", name, dtype=dtype, device=device)
        return cls(model, name=f"st:{name}", fingerprint=files_digest(folder))

    @property
    def settings(self) -> Mapping[str, object]:
        """What decides its vectors and speed beside the weights."""
        return {
            "batch_size": BATCH_SIZE,
            "max_length": self.max_length,
            "precision": self.precision,
            "query_prompt": self._query_prompt,
            "document_prompt": self._document_prompt,
            "truncations": "counted" if token_counts(self._model.tokenizer, ["a"]) else "not counted",
        }

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Float32 `[n, dim]`, unit rows."""
        return self.encode_queries_reported(texts, instruction=instruction, dim=dim).vectors

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]`, unit rows."""
        return self.encode_documents_reported(texts, dim=dim).vectors

    def encode_queries_reported(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> Encoded:
        """As `encode_queries`, with token counts and truncations.

        Args:
            texts: The queries.
            instruction: None takes the model's own prompt; a task is put in its place; an empty string takes an
                instruction away, and leaves a prompt that is none, such as `query: `.
            dim: Leading dimensions to use; None for all.

        Returns:
            Vectors, tokens and truncations.
        """
        prompt = self._prompt_for(instruction)
        return self._encoded(self._model.encode_query, texts, dim, prompt, shown=self._query_prompt)

    def encode_documents_reported(self, texts: Sequence[str], *, dim: int | None = None) -> Encoded:
        """As `encode_documents`, with token counts and truncations."""
        return self._encoded(self._model.encode_document, texts, dim, None, shown=self._document_prompt)

    def _prompt_for(self, instruction: str | None) -> str | None:
        """What is put before a query; None leaves it to the library."""
        if instruction:
            tail = self._instructed.group(3) if self._instructed else None
            return format_query("", instruction) if tail is None else f"Instruct: {instruction}{tail}"
        return "" if instruction is not None and self._instructed else None

    def _encoded(
        self, encode: Callable[..., Any], texts: Sequence[str], dim: int | None, prompt: str | None, *, shown: str
    ) -> Encoded:
        width = checked_dim(dim, self.dim)
        if not texts:
            return Encoded(vectors=np.empty((0, width), np.float32), num_tokens=[], truncations=[])
        rows = encode(
            list(texts),
            prompt=prompt,
            batch_size=BATCH_SIZE,
            show_progress_bar=False,
            convert_to_numpy=True,
            normalize_embeddings=False,
        )
        unit = unit_rows(rows, lambda problem: NumericalError(self.name, f"vectors ({problem})"))
        front_text = shown if prompt is None else prompt
        counts = token_counts(self._model.tokenizer, [front_text + text for text in texts]) or [0] * len(texts)
        limit = self.max_length or max(counts)
        return Encoded(
            vectors=front(unit, width),
            num_tokens=[min(count, limit) for count in counts],
            truncations=[
                Truncation(index=place, num_tokens=count, kept_tokens=limit)
                for place, count in enumerate(counts)
                if count > limit
            ],
        )
