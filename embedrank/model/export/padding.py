"""Texts as the padded rectangles that other runtimes read, in every layout that users hand them.

Shape suffixes: B rows, L row length.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from embedrank.core.types import FloatArray

IntArray = npt.NDArray[np.int64]
Run = Callable[[IntArray, IntArray], FloatArray]
SIDES = ("right", "left")
_LONG = 256  # longer rows are not joined with all the short ones: attention of a rectangle grows with its square


def padded(sequences: Sequence[Sequence[int]], *, pad_id: int, side: str) -> tuple[IntArray, IntArray]:
    """Token ids and attention mask of a batch.

    Args:
        sequences: Token id lists, none empty.
        pad_id: What stands for padding.
        side: `right` or `left`.

    Returns:
        Two arrays `[B, L]`.
    """
    longest = max(len(sequence) for sequence in sequences)
    ids_BL = np.full((len(sequences), longest), pad_id, dtype=np.int64)
    mask_BL = np.zeros_like(ids_BL)
    for row, sequence in enumerate(sequences):
        place = slice(0, len(sequence)) if side == "right" else slice(longest - len(sequence), longest)
        ids_BL[row, place] = sequence
        mask_BL[row, place] = 1
    return ids_BL, mask_BL


def run_in_layouts(run: Run, sequences: Sequence[Sequence[int]], *, pad_id: int) -> Mapping[str, FloatArray]:
    """Answers for batches of mixed length padded on either side, and for every text alone.

    Args:
        run: From ids and mask to one answer a row.
        sequences: Token id lists, none empty.
        pad_id: What stands for padding.

    Returns:
        Layout to the answers, in the order of the sequences.
    """
    ways = {}
    for side in SIDES:
        parts = [
            (group, run(*padded([sequences[index] for index in group], pad_id=pad_id, side=side)))
            for group in _mixed_groups([len(sequence) for sequence in sequences])
        ]
        ways[f"padded {side}"] = _in_order(parts)
    ways["alone"] = np.concatenate([run(*padded([sequence], pad_id=pad_id, side="right")) for sequence in sequences])
    return ways


def _mixed_groups(lengths: Sequence[int]) -> list[list[int]]:
    """Short texts together; the shortest of all beside a long one, where it is nearly all padding."""
    by_length = sorted(range(len(lengths)), key=lengths.__getitem__)
    short = [index for index in by_length if lengths[index] <= _LONG]
    long = by_length[len(short) :]
    if short and long:
        return [group for group in (short[1:], [short[0], long[0]], *([index] for index in long[1:])) if group]
    return [short] if short else [[index] for index in long]


def _in_order(parts: Sequence[tuple[list[int], FloatArray]]) -> FloatArray:
    places = [index for group, _ in parts for index in group]
    return np.concatenate([answers for _, answers in parts])[np.argsort(places)]
