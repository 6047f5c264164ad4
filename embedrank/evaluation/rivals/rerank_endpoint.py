"""A rerank endpoint as a reranker: Cohere's and Jina's dialect (also vLLM, Infinity), and TEI's.

Source: https://docs.cohere.com/reference/rerank, https://jina.ai/reranker,
https://huggingface.github.io/text-embeddings-inference
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from embedrank.core.errors import EndpointError
from embedrank.core.prompts import format_query
from embedrank.core.types import FloatArray, Judged
from embedrank.evaluation.rivals.endpoint import MAX_RETRIES, Endpoint
from embedrank.evaluation.rivals.place import Place
from embedrank.evaluation.rivals.probabilities import log_odds, sigmoid

OPTIONS: Final = ("api", "scores", "batch", "instructed", "key_env")
COHERE: Final = "cohere"
TEI: Final = "tei"
_PATH: Final = "/rerank"
_VERSIONED: Final = re.compile(r"/v\d+(/|$)")


def _cohere_body(model: str, query: str, documents: Sequence[str], *, raw: bool) -> dict[str, Any]:
    return {"model": model, "query": query, "documents": list(documents), "top_n": len(documents)}


def _tei_body(model: str, query: str, documents: Sequence[str], *, raw: bool) -> dict[str, Any]:
    return {"query": query, "texts": list(documents), "raw_scores": raw}


def _cohere_rows(reply: Any) -> list[tuple[Any, Any]]:
    return [(row["index"], row["relevance_score"]) for row in reply["results"]]


def _tei_rows(reply: Any) -> list[tuple[Any, Any]]:
    return [(row["index"], row["score"]) for row in reply]


DIALECTS: Final = {COHERE: (_cohere_body, _cohere_rows), TEI: (_tei_body, _tei_rows)}


class RerankEndpoint:
    """A `Reranker`.

    Attributes:
        name: How it was asked for.
        fingerprint: Hash of model, URL and options; the weights behind the endpoint cannot be seen.
        dialect: `cohere` where the URL has a version (`/v1`), else `tei`; `api=` in the place decides otherwise.
        reads_instructions: Whether an instruction is put before the query (`instructed=yes`); no dialect has a field.
    """

    def __init__(self, place: Place, *, key: str | None = None, max_retries: int = MAX_RETRIES) -> None:
        """Prepare; nothing is sent yet.

        Args:
            place: Model, URL and options.
            key: API key; None for endpoints that want none.
            max_retries: Times that a request is sent again.

        Raises:
            InvalidInputError: If an option has a value that is none.
        """
        url = place.url.removesuffix(_PATH)
        self._place, self._endpoint = place, Endpoint(url, key=key, max_retries=max_retries)
        fitting = COHERE if _VERSIONED.search(url) else TEI
        self.dialect = place.choice("api", (fitting, *(name for name in DIALECTS if name != fitting)))
        self._raw = place.choice("scores", ("probability", "logit")) == "logit"
        self._batch = place.whole("batch", 1000 if self.dialect == COHERE else 32) or 1
        self.reads_instructions = place.choice("instructed", ("no", "yes")) == "yes"
        self.name = f"rerank:{place}"
        identity = [str(place), self.dialect, self._raw, self.reads_instructions]
        self.fingerprint = hashlib.sha256(repr(identity).encode()).hexdigest()[:32]

    @property
    def settings(self) -> Mapping[str, object]:
        """What decides its scores beside the model."""
        scores = "logit" if self._raw else "probability"
        return {"api": self.dialect, "scores": scores, "reads_instructions": self.reads_instructions}

    def score(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Float32 `[n]` in 0..1."""
        return sigmoid(self.logits(query, documents, instruction=instruction))

    def logits(self, query: str, documents: Sequence[str], *, instruction: str | None = None) -> FloatArray:
        """Scores as logits.

        Args:
            query: The query.
            documents: What is judged.
            instruction: The task, where the model reads one.

        Returns:
            Float32 `[n]`, in the order of the documents.

        Raises:
            EndpointError: If the endpoint fails, or its answer cannot be used.
        """
        asked = format_query(query, instruction) if self.reads_instructions else query
        parts = [documents[start : start + self._batch] for start in range(0, len(documents), self._batch)]
        scores = np.concatenate([np.empty(0), *(self._batch_of(asked, part) for part in parts)])
        return scores.astype(np.float32) if self._raw else log_odds(scores)

    def judge(
        self,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Judged:
        """Logits; tokens are 0, for they are not known."""
        logits = self.logits(query, documents, instruction=instruction)
        if on_progress is not None:
            on_progress(len(documents), len(documents))
        return Judged(logits=logits, num_tokens=[0] * len(documents), shared_tokens=0, truncations=[])

    def _batch_of(self, query: str, documents: Sequence[str]) -> npt.NDArray[np.float64]:
        """Scores of one request, checked."""
        body, read = DIALECTS[self.dialect]
        reply = self._endpoint.post_json(_PATH, body(self._place.model, query, documents, raw=self._raw))
        rows = self._endpoint.ask(lambda: [(int(place), float(score)) for place, score in read(reply)])
        if sorted(place for place, _ in rows) != list(range(len(documents))):
            raise self._refuse(f"{len(rows)} scores came for {len(documents)} documents, or for others")
        scores = np.asarray([score for _, score in sorted(rows)], dtype=np.float64)
        if not np.isfinite(scores).all():
            raise self._refuse("a score is not finite")
        if not self._raw and not ((scores >= 0) & (scores <= 1)).all():
            raise self._refuse("a score is outside 0..1", hint="say scores=logit behind #")
        return scores

    def _refuse(self, problem: str, *, hint: str = "") -> EndpointError:
        return EndpointError(self._place.url, f"{self._place.model}: {problem}", hint=hint)
