"""An encoder that knows what to put before which text of a set, and computes equal texts once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from embedrank.core.protocols import Encoder
from embedrank.core.types import FloatArray
from embedrank.evaluation.instructions import Prompting

_TEXTS_PER_CALL: Final = 256


def _nothing(_: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptedEncoder:
    """Texts of one set to vectors.

    Attributes:
        encoder: The model.
        prompting: What stands before which text.
        dim: Leading dimensions to use; None for all.
        on_texts: Called with the number of texts done since the last call.
    """

    encoder: Encoder
    prompting: Prompting
    dim: int | None = None
    on_texts: Callable[[int], None] = _nothing

    def instructed(self, texts: Sequence[str]) -> FloatArray:
        """Vectors of queries, and of the texts of tasks whose sides are alike.

        Args:
            texts: The texts.

        Returns:
            Float32 `[n, dim]`, unit rows.
        """
        return self._once(texts, self._encode_instructed)

    def candidates(self, texts: Sequence[str]) -> FloatArray:
        """Vectors of the candidates of reranking, instructed or raw as the protocol says.

        Args:
            texts: The texts.

        Returns:
            Float32 `[n, dim]`, unit rows.
        """
        return self._once(texts, self._encode_instructed if self.prompting.protocol == "report" else self._encode_raw)

    def _encode_instructed(self, texts: Sequence[str]) -> FloatArray:
        return self.encoder.encode_queries(texts, instruction=self.prompting.instruction, dim=self.dim)

    def _encode_raw(self, texts: Sequence[str]) -> FloatArray:
        return self.encoder.encode_documents(texts, dim=self.dim)

    def _once(self, texts: Sequence[str], encode: Callable[[Sequence[str]], FloatArray]) -> FloatArray:
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        different = list(places)
        parts: list[FloatArray] = []
        for start in range(0, len(different), _TEXTS_PER_CALL):
            part = different[start : start + _TEXTS_PER_CALL]
            parts.append(encode(part))
            self.on_texts(len(part))
        return np.concatenate(parts)[[places[text] for text in texts]]
