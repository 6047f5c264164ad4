"""From hidden states to one vector a text: pool, cut to the wanted dimensions, normalise; all in float32.

Shape suffixes: T packed tokens, N texts, M hidden size, D wanted dimensions.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from embedrank.core.errors import CheckpointError
from embedrank.model.cuda_graphs import GraphedDecoder
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack

FILE = Path("1_Pooling") / "config.json"
POOLINGS = ("lasttoken", "mean", "cls")


def read_pooling(folder: Path) -> str:
    """Pooling of a sentence-transformers folder.

    Args:
        folder: The model folder; without a pooling module the last token is pooled.

    Returns:
        One of `POOLINGS`.

    Raises:
        CheckpointError: If the file is damaged or asks for another pooling.
    """
    path = folder / FILE
    if not path.is_file():
        return "lasttoken"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        flags = {
            "lasttoken": "pooling_mode_lasttoken",
            "mean": "pooling_mode_mean_tokens",
            "cls": "pooling_mode_cls_token",
        }
        named = (
            [raw["pooling_mode"]] if "pooling_mode" in raw else [name for name, flag in flags.items() if raw.get(flag)]
        )
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(path, f"cannot be read: {error}") from error
    if len(named) != 1 or named[0] not in POOLINGS:
        raise CheckpointError(path, f"asks for pooling {named}", hint=f"supported: one of {', '.join(POOLINGS)}")
    return str(named[0])


def pooled(decoder: Decoder | GraphedDecoder, pack: Pack, pooling: str) -> Tensor:
    """Run a pack and pool it.

    Args:
        decoder: The model.
        pack: The texts.
        pooling: One of `POOLINGS`; the last token is computed without the rest of the last layer.

    Returns:
        Float32 `[N, M]`.
    """
    if pooling == "lasttoken":
        hidden_NM: Tensor = decoder(pack)
        return hidden_NM.float()
    hidden_TM = decoder.all_positions(pack).float()
    if pooling == "cls":
        lengths = torch.tensor(pack.lengths, device=hidden_TM.device)
        return hidden_TM[pack.last_N - lengths + 1]
    return torch.stack([part.mean(0) for part in hidden_TM.split(list(pack.lengths))])


def unit_prefix(vectors_NM: Tensor, dim: int | None) -> Tensor:
    """The first `dim` numbers of each row, scaled to unit length, as Matryoshka training means them.

    Args:
        vectors_NM: Pooled vectors.
        dim: Numbers to keep; None keeps all.

    Returns:
        Float32 `[N, D]`.
    """
    return functional.normalize(vectors_NM[:, :dim].float(), dim=-1)
