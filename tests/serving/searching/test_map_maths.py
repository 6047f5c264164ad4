import numpy as np
import pytest

from embedrank.serving.searching.neighbour_layout import nearest_neighbours, neighbour_layout
from embedrank.serving.searching.projection import in_unit_square, principal_plane


def _groups(num_groups=6, each=20, dim=24):
    random = np.random.default_rng(0)
    centres = random.normal(size=(num_groups, dim))
    rows = np.repeat(centres, each, axis=0) + 0.3 * random.normal(size=(num_groups * each, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def _kept(vectors, points, num_neighbours=10):
    """Share of the nearest neighbours among vectors that are nearest neighbours among points too."""
    wanted = nearest_neighbours(vectors, num_neighbours)
    squared = ((points[:, None] - points[None]) ** 2).sum(-1)
    np.fill_diagonal(squared, np.inf)
    found = np.argsort(squared, axis=1)[:, :num_neighbours]
    return np.mean([len(set(a) & set(b)) / num_neighbours for a, b in zip(wanted, found, strict=True)])


def test_the_plane_is_that_of_a_singular_value_decomposition():
    vectors = _groups()
    centred = vectors - vectors.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    expected = left[:, :2] * values[:2]
    points = principal_plane(vectors)
    signs = np.sign((points * expected).sum(axis=0))
    assert np.allclose(points, expected * signs, atol=1e-4)
    assert np.array_equal(points, principal_plane(vectors))


def test_the_layout_keeps_more_neighbours_than_the_plane_and_is_the_same_each_time():
    vectors = _groups()
    plane = principal_plane(vectors)
    laid = neighbour_layout(vectors, plane)
    assert _kept(vectors, laid) > _kept(vectors, plane) + 0.1
    assert np.array_equal(laid, neighbour_layout(vectors, plane))


@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 13])
def test_few_points_and_equal_points_are_laid_out_too(number):
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (number, 1))
    points = in_unit_square(neighbour_layout(vectors, principal_plane(vectors)))
    assert points.shape == (number, 2)
    assert np.isfinite(points).all() and (points >= 0).all() and (points <= 1).all()


def test_one_dimension_gives_a_line():
    points = principal_plane(np.array([[1.0], [2.0], [4.0]], dtype=np.float32))
    assert np.allclose(points[:, 1], 0)


def test_the_square_keeps_both_axes_alike():
    points = in_unit_square(np.array([[0.0, 0.0], [4.0, 1.0]], dtype=np.float32))
    assert np.allclose(points, [[0, 0.375], [1, 0.625]])
