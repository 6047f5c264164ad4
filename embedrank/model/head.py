"""The reranker's head: two rows instead of a vocabulary.

Three kinds of checkpoint come down to a row for no and a row for yes: a causal model (rows of `lm_head`, or of the
token table where they are tied), a sequence classifier with one row (`score.weight = W[yes] - W[no]`), and a trained
two-row score head. Shape suffixes: N pairs, M hidden size.

Source: model card of Qwen3-Reranker; facts on the sequence-classification form from the converted checkpoints.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from embedrank.core.errors import CheckpointError, MissingTensorError
from embedrank.model.config import DecoderConfig
from embedrank.model.tokenizer import TextTokenizer
from embedrank.model.weights import Weights

LM_HEAD, SCORE, TABLE = "lm_head.weight", "score.weight", "embed_tokens.weight"


class YesNoHead(nn.Module):
    """Logits of no and yes from a hidden state, in float32."""

    def __init__(self, rows_2M: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(rows_2M.float(), requires_grad=False)

    def forward(self, hidden_NM: Tensor) -> Tensor:
        """Logits `[N, 2]`: no, yes."""
        return hidden_NM.float() @ self.weight.T


def yes_no_ids(tokenizer: TextTokenizer) -> tuple[int, int]:
    """Ids of the answers.

    Args:
        tokenizer: The model's tokenizer.

    Returns:
        The ids of `no` and of `yes`.

    Raises:
        CheckpointError: If either is not a single token.
    """
    ids = [tokenizer.token_id(word) for word in ("no", "yes")]
    if ids[0] is None or ids[1] is None:
        raise CheckpointError(
            "tokenizer.json", "'yes' and 'no' are not single tokens", hint="not a reranker's tokenizer"
        )
    return ids[0], ids[1]


def read_head(weights: Weights, config: DecoderConfig, tokenizer: TextTokenizer) -> YesNoHead:
    """Take the two rows out of a checkpoint, whatever its kind.

    Args:
        weights: The opened checkpoint.
        config: Its shape.
        tokenizer: Its tokenizer.

    Returns:
        The head.

    Raises:
        CheckpointError: If a score head has neither one row nor two, or answers are no single tokens.
        MissingTensorError: If an untied head is not there.
    """
    if SCORE in weights:
        return YesNoHead(_score_rows(weights))
    ids = list(yes_no_ids(tokenizer))
    if LM_HEAD in weights:
        return YesNoHead(weights.rows(LM_HEAD, ids))
    if not config.tie_word_embeddings:
        raise MissingTensorError(weights.folder, [LM_HEAD])
    return YesNoHead(weights.rows(TABLE, ids))


def _score_rows(weights: Weights) -> Tensor:
    rows = weights.tensor(SCORE).float()
    if rows.shape[0] == 1:
        return torch.cat((torch.zeros_like(rows), rows))
    if rows.shape[0] == 2:
        return rows
    raise CheckpointError(weights.folder, f"{SCORE} has {rows.shape[0]} rows", hint="one row or two were expected")
