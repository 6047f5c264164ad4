"""A CrossEncoder answers as the library does."""

import numpy as np
import pytest

from embedrank.core.errors import CheckpointError
from embedrank.core.protocols import Reranker
from embedrank.evaluation.rivals.cross_encoder import CrossEncoderFolder
from tests.evaluation.rivals.pico_models import pico_cross_encoder

QUERY, TEXTS = "what does the bear catch", ["the brown bear catches salmon", "ferries cross the river"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return pico_cross_encoder(tmp_path_factory.mktemp("ce"))


def test_the_scores_are_the_librarys(folder):
    from sentence_transformers import CrossEncoder

    model = CrossEncoderFolder.load(str(folder), dtype="fp32")
    assert isinstance(model, Reranker)
    expected = CrossEncoder(str(folder), device="cpu").predict([(QUERY, text) for text in TEXTS])
    assert np.abs(model.score(QUERY, TEXTS) - expected).max() < 1e-6
    assert np.abs(1 / (1 + np.exp(-model.logits(QUERY, TEXTS))) - expected).max() < 1e-6
    assert model.logits(QUERY, []).shape == (0,)


def test_cut_pairs_are_counted(folder):
    judged = CrossEncoderFolder.load(str(folder)).judge(QUERY, ["fox", "fox " * 30])
    assert list(judged.num_tokens) == [9, 24]
    assert [(cut.index, cut.num_tokens) for cut in judged.truncations] == [(1, 38)]


def test_a_model_without_prompts_reads_no_instruction(folder):
    model = CrossEncoderFolder.load(str(folder))
    assert not model.reads_instructions
    assert np.array_equal(model.logits(QUERY, TEXTS, instruction="x"), model.logits(QUERY, TEXTS))


def test_a_classifier_of_several_labels_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="gives 3 scores a pair"):
        CrossEncoderFolder.load(str(pico_cross_encoder(tmp_path, labels=3)))
