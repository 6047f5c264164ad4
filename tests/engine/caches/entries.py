"""Entries and keys for the caches' tests."""

import numpy as np

from embedrank.core.types import EmbeddedText


def entry(number, dim=4):
    return EmbeddedText(vector=np.full(dim, number, dtype=np.float32), num_tokens=number, uncut_tokens=number + 1)


def key(number):
    return number.to_bytes(20, "little")


def same(one, other):
    counts = (one.num_tokens, one.uncut_tokens) == (other.num_tokens, other.uncut_tokens)
    return counts and np.array_equal(one.vector, other.vector)
