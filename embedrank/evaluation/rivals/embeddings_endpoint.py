"""Any OpenAI-compatible embeddings endpoint as an encoder.

Source: https://platform.openai.com/docs/api-reference/embeddings
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import numpy as np

from embedrank.core.errors import EndpointError
from embedrank.core.prompts import DEFAULT_QUERY_INSTRUCTION, format_query
from embedrank.core.types import Encoded, FloatArray
from embedrank.evaluation.rivals.endpoint import MAX_RETRIES, Endpoint
from embedrank.evaluation.rivals.place import Place
from embedrank.evaluation.rivals.unit_rows import checked_dim, front, unit_rows

OPTIONS: Final = (
    "dimensions",
    "encoding",
    "batch",
    "concurrency",
    "instructed",
    "query_prefix",
    "document_prefix",
    "key_env",
)


class EmbeddingsEndpoint:
    """An `Encoder`; it cannot know the tokens of a text and tells 0.

    Attributes:
        name: How it was asked for.
        fingerprint: Hash of model, URL and options; the weights behind the endpoint cannot be seen.
        dim: Numbers of a vector, found by asking once.
        precision: What the numbers came as.
        default_instruction: The task before queries where `instructed=yes`; None for models that read queries raw.
    """

    def __init__(self, place: Place, *, key: str | None = None, max_retries: int = MAX_RETRIES) -> None:
        """Ask once for a vector, so that a wrong address shows at once.

        Args:
            place: Model, URL and options.
            key: API key; None for endpoints that want none.
            max_retries: Times that a request is sent again.

        Raises:
            InvalidInputError: If an option has a value that is none.
            EndpointError: If there is no vector to be had.
        """
        self._place, self._endpoint = place, Endpoint(place.url, key=key, max_retries=max_retries)
        self._dimensions = place.whole("dimensions", None)
        self._batch, self._concurrency = place.whole("batch", 64) or 64, place.whole("concurrency", 4) or 4
        self._prefixes = place.options.get("query_prefix", ""), place.options.get("document_prefix", "")
        self.precision = place.choice("encoding", ("base64", "float"))
        instructed = place.choice("instructed", ("no", "yes")) == "yes"
        self.default_instruction = DEFAULT_QUERY_INSTRUCTION if instructed else None
        self.name = f"openai:{place}"
        self.dim = self._dimensions or 0
        self.dim = len(self._batch_of(["a"])[0])
        identity = [str(place), self.dim, self._prefixes, instructed]
        self.fingerprint = hashlib.sha256(repr(identity).encode()).hexdigest()[:32]

    @property
    def settings(self) -> Mapping[str, object]:
        """What decides its vectors and speed beside the model."""
        return {
            "batch_size": self._batch,
            "concurrency": self._concurrency,
            "dimensions": self._dimensions,
            "query_prompt": self._prefixes[0],
            "document_prompt": self._prefixes[1],
            "truncations": "not counted",
        }

    def encode_queries(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> FloatArray:
        """Vectors of queries.

        Args:
            texts: The queries.
            instruction: The task put before each; None takes the default, an empty string none.
            dim: Leading dimensions to use; None for all.

        Returns:
            Float32 `[n, dim]`, unit rows, in the order of the texts.

        Raises:
            EndpointError: If the endpoint fails, or its answer cannot be used.
        """
        task = self.default_instruction if instruction is None else instruction
        return self._encode([format_query(self._prefixes[0] + text, task) for text in texts], dim)

    def encode_documents(self, texts: Sequence[str], *, dim: int | None = None) -> FloatArray:
        """Float32 `[n, dim]`, unit rows."""
        return self._encode([self._prefixes[1] + text for text in texts], dim)

    def encode_queries_reported(
        self, texts: Sequence[str], *, instruction: str | None = None, dim: int | None = None
    ) -> Encoded:
        """As `encode_queries`; tokens are 0, for they are not known."""
        return _uncounted(self.encode_queries(texts, instruction=instruction, dim=dim))

    def encode_documents_reported(self, texts: Sequence[str], *, dim: int | None = None) -> Encoded:
        """As `encode_documents`; tokens are 0, for they are not known."""
        return _uncounted(self.encode_documents(texts, dim=dim))

    def _encode(self, texts: list[str], dim: int | None) -> FloatArray:
        width = checked_dim(dim, self.dim)
        parts = [texts[start : start + self._batch] for start in range(0, len(texts), self._batch)]
        if not parts:
            return np.empty((0, width), np.float32)
        with ThreadPoolExecutor(min(self._concurrency, len(parts))) as threads:
            rows = np.concatenate(list(threads.map(self._batch_of, parts)))
        return front(rows, width)

    def _batch_of(self, texts: list[str]) -> FloatArray:
        """Vectors of one request, checked."""
        more: dict[str, Any] = {} if self._dimensions is None else {"dimensions": self._dimensions}
        if self.precision == "float":  # without it the client asks for base64 and decodes it
            more["encoding_format"] = "float"
        create = self._endpoint.client.embeddings.create
        rows = self._endpoint.ask(
            lambda: [
                (int(row.index), np.asarray(row.embedding, dtype=np.float32).reshape(-1))
                for row in create(model=self._place.model, input=texts, **more).data
            ]
        )
        if sorted(place for place, _ in rows) != list(range(len(texts))):
            raise self._refuse(f"{len(rows)} vectors came for {len(texts)} texts, or their indices are not 0 to n-1")
        ordered = [vector for _, vector in sorted(rows, key=lambda row: row[0])]
        width = self.dim or len(ordered[0])
        wrong = {len(vector) for vector in ordered} - {width}
        if wrong:
            raise self._refuse(f"a vector has {wrong.pop()} numbers and not {width}")
        return unit_rows(np.stack(ordered), self._refuse)

    def _refuse(self, problem: str) -> EndpointError:
        return EndpointError(self._place.url, f"{self._place.model}: {problem}")


def _uncounted(vectors: FloatArray) -> Encoded:
    return Encoded(vectors=vectors, num_tokens=[0] * len(vectors), truncations=[])
