"""Laying sequences end to end, and cutting long lists into packs of bounded size.

A pack has no padding: all position-wise work is done on real tokens only. Sequences stand in ascending order of length,
so that attention can take neighbours of like length together (see `attention_backends/grouped.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Sequences laid end to end.

    Attributes:
        tokens_T: Token ids, all sequences one after another.
        positions_T: Place of each token in its own sequence, counted from `offset`.
        lengths: Tokens per sequence.
        last_N: Index of each sequence's last token on the packed axis.
    """

    tokens_T: Tensor
    positions_T: Tensor
    lengths: tuple[int, ...]
    last_N: Tensor

    @classmethod
    def of(cls, sequences: Sequence[Sequence[int]], *, offset: int = 0, device: torch.device | str = "cpu") -> Pack:
        """Lay token id lists end to end.

        Args:
            sequences: At least one list, none of them empty.
            offset: Position of every sequence's first token; the length of a shared prefix, if there is one.
            device: Where the tensors live.

        Returns:
            The pack, sequences in the order given.
        """
        assert sequences and all(sequences), "a pack holds at least one sequence, none empty"
        lengths = tuple(len(sequence) for sequence in sequences)
        tokens = torch.tensor([token for sequence in sequences for token in sequence], dtype=torch.long)
        positions = torch.cat([torch.arange(offset, offset + length) for length in lengths])
        last = torch.tensor(lengths).cumsum(0) - 1
        return cls(
            tokens_T=tokens.to(device), positions_T=positions.to(device), lengths=lengths, last_N=last.to(device)
        )


def pack_by_budget(lengths: Sequence[int], *, max_tokens: int) -> Iterator[list[int]]:
    """Cut a list of texts into packs of at most `max_tokens` tokens, short texts first.

    Args:
        lengths: Tokens per text.
        max_tokens: Budget of one pack; a longer text gets a pack of its own.

    Yields:
        Indices into `lengths`, in ascending order of length.
    """
    pack: list[int] = []
    held = 0
    for index in sorted(range(len(lengths)), key=lambda index: (lengths[index], index)):
        if pack and held + lengths[index] > max_tokens:
            yield pack
            pack, held = [], 0
        pack.append(index)
        held += lengths[index]
    if pack:
        yield pack


def shared_front(sequences: Sequence[list[int]]) -> int:
    """How many leading tokens sequences share, leaving at least one token to each.

    Args:
        sequences: Token id lists, none empty.

    Returns:
        A count; 0 for a single sequence.
    """
    if len(sequences) < 2:
        return 0
    first, last = min(sequences), max(sequences)  # what the extremes of the order share, all share
    same = 0
    for one, other in zip(first, last, strict=False):
        if one != other:
            break
        same += 1
    return min(same, min(len(sequence) for sequence in sequences) - 1)
