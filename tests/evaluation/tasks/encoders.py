"""Encoders for the tasks' tests: a bag of words, and one whose vectors are given."""

import numpy as np

from embedrank.evaluation.instructions import Prompting
from embedrank.evaluation.prompted_encoder import PromptedEncoder
from tests.search.fakes import BagEncoder


def bag(**choices):
    return PromptedEncoder(encoder=BagEncoder(), prompting=Prompting(**choices))


class RandomEncoder(BagEncoder):
    """A unit vector drawn for each text; equal texts get equal vectors, instructed texts get others."""

    def _encode(self, texts, dim):
        rows = []
        for text in texts:
            row = np.random.default_rng(abs(hash(text)) % 2**32).normal(size=self.dim)
            rows.append(row / np.linalg.norm(row))
        return np.asarray(rows, dtype=np.float32)


def at_random(dim=16):
    return PromptedEncoder(encoder=RandomEncoder(dim=dim), prompting=Prompting())
