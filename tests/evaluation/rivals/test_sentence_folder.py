"""A sentence-transformers folder answers as the library does, and tells what it read."""

import shutil

import numpy as np
import pytest

from embedrank.core.errors import CheckpointError, InvalidInputError, ModelNotFoundError
from embedrank.core.protocols import Encoder
from embedrank.evaluation.rivals.sentence_folder import SentenceFolder
from embedrank.model.embedder import Embedder
from tests.evaluation.rivals.pico_models import pico_sentence_folder

TEXTS = ["the brown bear catches salmon", "ferries cross the river", "a fox sleeps"]
PREFIXES = {"query": "query : ", "document": "passage : "}
INSTRUCTED = {"query": "Instruct: find the river\nQuery: ", "document": ""}


@pytest.fixture(scope="module")
def prefixed(tmp_path_factory):
    return pico_sentence_folder(tmp_path_factory.mktemp("prefixed"), prompts=PREFIXES)


@pytest.fixture(scope="module")
def library(prefixed):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(prefixed), device="cpu")


@pytest.fixture(scope="module")
def instructed(tmp_path_factory):
    return SentenceFolder.load(str(pico_sentence_folder(tmp_path_factory.mktemp("i"), prompts=INSTRUCTED)))


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_queries_and_documents_are_the_librarys_own_as_unit_vectors(prefixed, library):
    model = SentenceFolder.load(str(prefixed), dtype="fp32")
    assert isinstance(model, Encoder) and model.dim == 32
    queries, documents = model.encode_queries(TEXTS), model.encode_documents(TEXTS)
    assert np.abs(queries - unit(library.encode_query(TEXTS))).max() < 1e-6
    assert np.abs(documents - unit(library.encode_document(TEXTS))).max() < 1e-6
    assert np.abs(queries - documents).max() > 1e-3


def test_a_prompt_that_is_no_instruction_stays_and_an_instruction_replaces_it(prefixed, library):
    model = SentenceFolder.load(str(prefixed), dtype="fp32")
    assert model.default_instruction is None
    assert np.array_equal(model.encode_queries(TEXTS, instruction=""), model.encode_queries(TEXTS))
    asked = unit(library.encode([f"Instruct: cross\nQuery:{text}" for text in TEXTS], prompt=""))
    assert np.abs(model.encode_queries(TEXTS, instruction="cross") - asked).max() < 1e-6


def test_an_instruction_of_its_own_can_be_changed_and_taken_away(instructed):
    assert instructed.default_instruction == "find the river"
    own = instructed.encode_queries(TEXTS)
    assert np.abs(own - instructed.encode_queries(TEXTS, instruction="find the river")).max() < 1e-6
    raw = instructed.encode_queries(TEXTS, instruction="")
    assert np.abs(raw - instructed.encode_documents(TEXTS)).max() < 1e-6
    assert np.abs(raw - own).max() > 1e-3


def test_fewer_dimensions_are_renormalised_and_others_refused(instructed):
    whole, cut = instructed.encode_documents(TEXTS), instructed.encode_documents(TEXTS, dim=8)
    assert np.abs(cut - unit(whole[:, :8])).max() < 1e-6
    with pytest.raises(InvalidInputError, match=r"dim: 64 is outside 1\.\.32"):
        instructed.encode_documents([], dim=64)


def test_cut_texts_are_counted_with_the_prompt(prefixed):
    encoded = SentenceFolder.load(str(prefixed)).encode_documents_reported(["fox", "fox " * 20])
    assert list(encoded.num_tokens) == [5, 16]
    assert [(cut.index, cut.num_tokens, cut.kept_tokens) for cut in encoded.truncations] == [(1, 24, 16)]


def test_the_settings_say_how_it_was_run(prefixed):
    settings = SentenceFolder.load(str(prefixed), dtype="fp32").settings
    assert settings == {
        "batch_size": 32,
        "max_length": 16,
        "precision": "float32",
        "query_prompt": "query : ",
        "document_prompt": "passage : ",
        "truncations": "counted",
    }


def test_the_fingerprint_is_that_of_the_files_that_count(prefixed, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(prefixed, copy)
    (copy / "README.md").write_text("another page")
    assert SentenceFolder.load(str(copy)).fingerprint == SentenceFolder.load(str(prefixed)).fingerprint
    prompts = copy / "config_sentence_transformers.json"
    prompts.write_text(prompts.read_text().replace("query : ", "ask : "))
    assert SentenceFolder.load(str(copy)).fingerprint != SentenceFolder.load(str(prefixed)).fingerprint


def test_our_own_weights_give_our_own_vectors(bundled_models):
    theirs = SentenceFolder.load(str(bundled_models / "nano-embedder"), dtype="fp32")
    ours = Embedder.load("nano", dtype="fp32")
    assert np.abs(theirs.encode_queries(TEXTS) - ours.encode_queries(TEXTS)).max() < 1e-5
    assert theirs.encode_documents_reported(TEXTS).num_tokens == ours.encode_documents_reported(TEXTS).num_tokens


def test_what_is_no_model_is_refused(tmp_path):
    with pytest.raises(ModelNotFoundError, match="no such folder"):
        SentenceFolder.load(str(tmp_path / "nowhere"))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="sentence-transformers cannot load it"):
        SentenceFolder.load(str(tmp_path))


def test_number_types_of_our_own_are_refused(prefixed):
    with pytest.raises(InvalidInputError, match="is for our own models"):
        SentenceFolder.load(str(prefixed), dtype="int8")
