"""An encoder made of hashes, loadable in any process, and ways for it to go wrong."""

import hashlib
import os
import signal
from pathlib import Path

import numpy as np

from embedrank.core.errors import CheckpointError
from embedrank.core.types import Encoded, Truncation

MAX_WORDS = 5


def vector_of(text, dim):
    seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
    row = np.random.default_rng(seed).standard_normal(dim).astype(np.float32)
    return row / np.linalg.norm(row)


class HashEncoder:
    """Vectors that depend on the text alone; a word is a token; at most MAX_WORDS are read."""

    def __init__(self, dim=16, fingerprint="hash-1", precision="float32"):
        self.name, self.dim, self.fingerprint, self.precision = "hash", dim, fingerprint, precision
        self.asked = []

    def encode_documents_reported(self, texts, *, dim=None):
        self.asked.append(list(texts))
        dim = dim or self.dim
        vectors = np.stack([vector_of(text, dim) for text in texts]) if texts else np.empty((0, dim), np.float32)
        counts = [len(text.split()) for text in texts]
        cuts = [Truncation(index=i, num_tokens=n, kept_tokens=MAX_WORDS) for i, n in enumerate(counts) if n > MAX_WORDS]
        return Encoded(vectors=vectors, num_tokens=[min(n, MAX_WORDS) for n in counts], truncations=cuts)

    def encode_queries_reported(self, texts, *, instruction=None, dim=None):
        return self.encode_documents_reported([f"{instruction}|{text}" for text in texts], dim=dim)


class DeadlyEncoder(HashEncoder):
    """Kills its process when it meets the word `die`: once, if a file to remember it by is given, else always."""

    def __init__(self, remembered=None):
        super().__init__()
        self.remembered = remembered

    def encode_documents_reported(self, texts, *, dim=None):
        if any("die" in text.split() for text in texts) and not (self.remembered and self.remembered.exists()):
            if self.remembered:
                self.remembered.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        if any("bug" in text.split() for text in texts):
            raise ZeroDivisionError("a bug")
        return super().encode_documents_reported(texts, dim=dim)


def load():
    return HashEncoder()


def load_wide():
    return HashEncoder(dim=256)


def load_other():
    return HashEncoder(fingerprint="hash-2")


def load_coarse():
    return HashEncoder(precision="int8 in float32")


def load_deadly(remembered: Path | None = None):
    return DeadlyEncoder(remembered)


def load_dying():
    os.kill(os.getpid(), signal.SIGKILL)


def load_none():
    raise CheckpointError("there", "is damaged")
