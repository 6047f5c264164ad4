import numpy as np
import pytest

from embedrank.core.errors import OverloadedError
from embedrank.serving.searching.patient import PatientEncoder
from tests.search.fakes import BagEncoder


class BusyEncoder(BagEncoder):
    """Refuses a few times before each answer; notes how many texts it was asked for."""

    def __init__(self, refusals):
        super().__init__()
        self.refusals, self.sizes = refusals, []

    def encode_documents(self, texts, *, dim=None):
        if self.refusals:
            self.refusals -= 1
            raise OverloadedError("texts", in_flight=1, limit=1, retry_after_s=0.0)
        self.sizes.append(len(texts))
        return super().encode_documents(texts, dim=dim)


def test_documents_wait_until_there_is_room_and_come_in_small_parts():
    busy, texts = BusyEncoder(3), [f"text {number}" for number in range(70)]
    vectors = PatientEncoder(busy, name="bag").encode_documents(texts)
    assert np.array_equal(vectors, BagEncoder().encode_documents(texts))
    assert busy.sizes == [32, 32, 6]


def test_other_errors_are_told_at_once():
    class Broken(BagEncoder):
        def encode_documents(self, texts, *, dim=None):
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        PatientEncoder(Broken(), name="bag").encode_documents(["a"])


def test_nothing_gives_nothing():
    assert PatientEncoder(BagEncoder(), name="bag").encode_documents([], dim=64).shape == (0, 64)
