"""Search in vectors that are kept in fewer bytes."""

import numpy as np
import pytest

from embedrank.evaluation.curves.binary import hamming_scores
from embedrank.evaluation.curves.int8 import int8_scores, quantised
from embedrank.evaluation.curves.kept_as import KEPT_AS, nearest, prefix, prefix_dims


def unit(count, dim, seed):
    return prefix(np.random.default_rng(seed).standard_normal((count, dim)).astype(np.float32), dim)


QUERIES, DOCUMENTS = unit(300, 40, 0), unit(500, 40, 1)


def test_the_matrix_product_counts_the_bits_that_packed_codes_differ_in():
    packed_q, packed_d = (np.packbits(vectors > 0, axis=1) for vectors in (QUERIES, DOCUMENTS))
    differing = np.unpackbits(packed_q[:, None] ^ packed_d[None], axis=2).sum(axis=2)
    assert (hamming_scores(QUERIES, DOCUMENTS) == -differing.astype(np.float32)).all()
    assert packed_d.shape[1] == KEPT_AS["binary"].bytes_per_vector(40)


def test_bytes_are_at_most_half_a_step_away_in_every_dimension():
    codes, scale = quantised(DOCUMENTS)
    assert codes.dtype == np.int8 and np.abs(codes).max(axis=0).tolist() == [127] * 40
    assert (np.abs(codes * scale - DOCUMENTS) <= scale / 2 * 1.0001).all()
    assert np.allclose(int8_scores(QUERIES, DOCUMENTS), QUERIES @ (codes * scale).T, atol=1e-6)


def test_a_dimension_that_is_always_zero_stays_zero():
    vectors = DOCUMENTS.copy()
    vectors[:, 3] = 0
    assert (quantised(vectors)[0][:, 3] == 0).all()
    assert np.isfinite(int8_scores(QUERIES, vectors)).all()


def test_float_search_is_the_sorted_cosines_past_one_block_of_queries():
    cosines = QUERIES @ DOCUMENTS.T
    assert (nearest(QUERIES, DOCUMENTS, KEPT_AS["float32"], top=7) == np.argsort(-cosines, axis=1)[:, :7]).all()


def test_rescoring_orders_the_same_documents_by_cosine():
    plain = nearest(QUERIES, DOCUMENTS, KEPT_AS["binary"], top=20)
    rescored = nearest(QUERIES, DOCUMENTS, KEPT_AS["binary, rescored"], top=20)
    assert (np.sort(plain) == np.sort(rescored)).all() and (plain != rescored).any()
    cosines = np.take_along_axis(QUERIES @ DOCUMENTS.T, rescored, axis=1)
    assert (np.diff(cosines, axis=1) <= 1e-6).all()


def test_rescoring_the_whole_corpus_is_float_search():
    rescored = nearest(QUERIES, DOCUMENTS, KEPT_AS["binary, rescored"], top=500)
    assert (rescored == nearest(QUERIES, DOCUMENTS, KEPT_AS["float32"], top=500)).mean() > 0.999


def test_ties_keep_the_order_of_the_corpus():
    twins = np.repeat(DOCUMENTS[:2], 3, axis=0)
    assert nearest(DOCUMENTS[:1], twins, KEPT_AS["binary"], top=3).tolist() == [[0, 1, 2]]


@pytest.mark.parametrize(("name", "size"), [("float32", 160), ("int8", 40), ("binary", 5), ("binary, rescored", 5)])
def test_bytes_of_a_vector(name, size):
    assert KEPT_AS[name].bytes_per_vector(40) == size


def test_prefixes_are_halves_of_unit_length():
    assert list(prefix_dims(256)) == [256, 128, 64, 32, 16]
    assert list(prefix_dims(10)) == [10]
    assert np.allclose(np.linalg.norm(prefix(DOCUMENTS, 8), axis=1), 1)
