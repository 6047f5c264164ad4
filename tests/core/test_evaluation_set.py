"""What an evaluation set holds, as training rows are held against it."""

import numpy as np
import pytest

from embedrank.core.errors import DatasetError
from embedrank.core.evaluation_set import read_evaluation_set, text_digest, window_hashes
from tests.evaluation.beir_folder import QRELS, write_beir
from tests.evaluation.pair_folder import GRADED, write_rows

BODY = "The lynx is a cat of medium size that lives in the forests of the north and hunts hares at dusk."


def test_windows_are_equal_exactly_where_texts_are():
    one, two = window_hashes("xx" + BODY, 20), window_hashes(BODY, 20)
    np.testing.assert_array_equal(one[2:], two)
    assert len(np.unique(two)) == len(two)


def test_a_beir_folder_counts_with_what_its_evaluation_uses(tmp_path):
    known = read_evaluation_set(write_beir(tmp_path, qrels=QRELS), 20)
    assert known.has(text_digest("What does the BROWN bear catch?"))
    assert known.has(text_digest("Bears\nThe brown bear catches salmon"))
    assert not known.has(text_digest("never judged"))
    assert not known.has(text_digest("Der Braunbär fängt Lachs."))
    assert known.overlap(window_hashes("the brown bear catches salmon", 20)) == 1


def test_pair_files_count_but_for_train(tmp_path):
    write_rows(tmp_path, "train", [{"text": "a dog barks", "label": "dog"}])
    with pytest.raises(DatasetError, match="no split for evaluation"):
        read_evaluation_set(tmp_path, 20)
    known = read_evaluation_set(write_rows(tmp_path, "test", GRADED), 20)
    assert known.has(text_digest("A cat eats.")) and not known.has(text_digest("dog"))
