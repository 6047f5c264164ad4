import pytest

from embedrank.core.errors import ConfigError
from embedrank.training.merge.path import Place, best_place, plot_path, walk


def test_both_ends_and_equal_steps():
    assert walk(lambda t: 1 - t, 3) == [Place(t=0.0, value=1.0), Place(t=0.5, value=0.5), Place(t=1.0, value=0.0)]
    with pytest.raises(ConfigError, match="both ends"):
        walk(lambda t: t, 1)


def test_of_equal_places_an_end_is_the_best():
    assert best_place(walk(lambda t: 0.5, 5)).t in (0.0, 1.0)
    assert best_place(walk(lambda t: -abs(t - 0.25), 5)).t == 0.25


def test_a_picture_is_drawn(tmp_path):
    plot_path(walk(lambda t: t * (1 - t), 11), tmp_path / "path.png", metric="ndcg_at_10")
    assert (tmp_path / "path.png").read_bytes().startswith(b"\x89PNG")
