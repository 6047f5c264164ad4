"""A batch made ready: its sequences in packs, and its loss as a function of one vector per sequence.

This is the seam at which a step can be cut into passes that each fit in memory; see `gradcache.py`.

Shape suffixes: N sequences of this process, A sequences of all processes, D vector size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from embedrank.training.text_counts import TextCounts


def as_they_are(vectors_ND: Tensor) -> Tensor:
    """What gathers nothing: a process's vectors are all there are."""
    return vectors_ND


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedBatch:
    """What one step computes.

    Attributes:
        packs: Indices of sequences; each sequence is in one pack.
        run: Vectors of some sequences, given by their indices, `[n, D]`.
        terms: Functions of the gathered vectors, each a scalar; their sum is the loss. One at a time is held
            in memory.
        gather: This process's vectors `[N, D]`, in the order of the sequences, to those of all, `[A, D]`.
        part: What some sequences add to the loss, given their vectors and indices; the sum over packs is the loss. None
            where sequences are compared with one another.
        num_tokens: Tokens of all sequences, those of a shared front once a pack.
        texts: Texts of this process that were read and cut, by source.
    """

    packs: Sequence[Sequence[int]]
    run: Callable[[Sequence[int]], Tensor]
    terms: Sequence[Callable[[Tensor], Tensor]] = ()
    gather: Callable[[Tensor], Tensor] = as_they_are
    part: Callable[[Tensor, Sequence[int]], Tensor] | None = None
    num_tokens: int = 0
    texts: Mapping[str, TextCounts] = field(default_factory=dict)

    @property
    def idle_pack(self) -> Sequence[int]:
        """The smallest pack there is, for passes in which other processes have more to do."""
        return self.packs[0][:1]

    def in_order(self, found: Sequence[Tensor]) -> Tensor:
        """Vectors of all packs, `[N, D]`, in the order of the sequences."""
        order = torch.tensor([index for pack in self.packs for index in pack])
        return torch.cat(list(found))[order.argsort().to(found[0].device)]

    def vectors(self) -> Tensor:
        """Vectors of all sequences, computed at once, `[N, D]`."""
        return self.in_order([self.run(pack) for pack in self.packs])

    def loss(self, *, num_idle: int = 0) -> Tensor:
        """The whole loss with one graph.

        Args:
            num_idle: Passes to run beside the packs, without effect on the loss.

        Returns:
            A scalar.
        """
        found = [self.run(pack) for pack in [*self.packs, *[self.idle_pack] * num_idle]]
        vectors = self.in_order(found[: len(self.packs)])
        # Idle passes hang on the vectors, so that on the way back too all processes run passes after gathering.
        for idle in found[len(self.packs) :]:
            vectors = vectors + 0 * idle.sum()
        gathered = self.gather(vectors)
        return torch.stack([term(gathered) for term in self.terms]).sum()
