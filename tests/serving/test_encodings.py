"""Vectors in fewer bits keep what can be kept."""

import base64

import numpy as np
import pytest

from embedrank.serving.encodings import ENCODINGS, rows_in


@pytest.fixture(scope="module")
def vectors():
    drawn = np.random.default_rng(0).normal(size=(20, 100)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def cosines(rows):
    rows = np.array(rows, dtype=np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def test_whole_numbers_keep_the_cosines(vectors):
    rows = ENCODINGS["int8"](vectors)
    assert np.abs(rows).max() == 127
    assert np.allclose(cosines(rows), cosines(vectors), atol=0.02)
    assert np.array_equal(np.array(ENCODINGS["uint8"](vectors)) - 128, rows)


def test_bits_are_the_signs_of_all_numbers_also_where_bytes_are_not_full(vectors):
    rows = np.array(ENCODINGS["ubinary"](vectors), dtype=np.uint8)
    assert rows.shape == (20, 13)
    assert np.array_equal(np.unpackbits(rows, axis=1)[:, :100], vectors > 0)
    assert not np.unpackbits(rows, axis=1)[:, 100:].any()
    assert np.array_equal(np.array(ENCODINGS["binary"](vectors)) + 128, rows)


def test_base64_is_float32(vectors):
    raw = [np.frombuffer(base64.b64decode(row), "<f4") for row in ENCODINGS["base64"](vectors)]
    assert np.array_equal(raw, vectors)


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_one_by_one_is_all_at_once_and_none_is_none(vectors, encoding):
    assert list(rows_in(encoding, vectors)) == ENCODINGS[encoding](vectors)
    assert list(rows_in(encoding, vectors[:0])) == ENCODINGS[encoding](vectors[:0]) == []
    ENCODINGS[encoding](np.zeros((1, 8), dtype=np.float32))  # a vector of noughts has no scale
