"""Token ids are read as what they were written as, or refused; never as something else."""

import pytest
import tiktoken

from embedrank.core.errors import InvalidInputError, TokenIdError
from embedrank.serving.token_ids.cl100k import Cl100k, Tiktoken
from embedrank.serving.token_ids.reading import CL100K_SIZE, OwnVocabulary, texts_of
from tests.model.conftest import pico_tokenizer

PATTERN = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+"
)


def tiny_tiktoken():
    """A vocabulary of tiktoken's kind that says `ab` and `abc` with one token each."""
    ranks = {bytes([255 - byte]): byte for byte in range(256)} | {b"ab": 256, b"abc": 257}
    return tiktoken.Encoding("tiny", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 100_257})


@pytest.fixture(scope="module")
def own():
    return OwnVocabulary(pico_tokenizer())


@pytest.fixture(scope="module")
def foreign():
    return Tiktoken(tiny_tiktoken())


def ids_of(own, text):
    return own._tokenizer.encode([text])[0]


def read(lists, own, foreign, vocabulary="auto"):
    return texts_of(lists, own=own, foreign=foreign, vocabulary=vocabulary)


def test_ids_that_only_the_model_could_have_written_are_read(own, foreign):
    text = "hello world, yes"
    assert foreign.read(ids_of(own, text)) is None
    assert read([ids_of(own, text)], own, foreign) == [text]


def test_an_end_token_behind_them_is_no_part_of_the_text(own, foreign):
    ids = [*ids_of(own, "hello world"), own._tokenizer.end_id]
    assert read([ids], own, foreign) == ["hello world"]
    assert read([ids], own, None, "model") == ["hello world"]


def test_ids_that_only_tiktoken_could_have_written_are_read(own, foreign):
    ids = tiny_tiktoken().encode("abc ünder", disallowed_special=())
    assert own.read(ids) is None
    assert read([ids], own, foreign) == ["abc ünder"]


def test_ids_that_may_be_of_either_are_refused_with_what_to_do(own, foreign):
    both = next([token] for token in range(256) if own.read([token]) and foreign.read([token]))
    with pytest.raises(InvalidInputError, match=r"as well as.*check_embedding_ctx_length=False.*token_vocabulary"):
        read([both], own, foreign)
    assert read([both], own, foreign, "model") == [own.read(both)]
    assert read([both], own, foreign, "cl100k_base") == [foreign.read(both)]


def test_one_list_that_is_clear_makes_the_others_of_its_request_clear(own, foreign):
    both = next([token] for token in range(256) if own.read([token]) and foreign.read([token]))
    assert read([both, ids_of(own, "hello world, yes")], own, foreign)[0] == own.read(both)


def test_ids_of_neither_are_refused(own, foreign):
    with pytest.raises(InvalidInputError, match="neither"):
        read([[257, 257], [300]], own, foreign)


def test_without_tiktokens_vocabulary_ids_that_might_be_its_own_are_refused(own):
    with pytest.raises(InvalidInputError, match=r"vocabulary is not there.*check_embedding_ctx_length=False"):
        read([ids_of(own, "hello world")], own, None)
    with pytest.raises(InvalidInputError, match="is not there"):
        read([[1]], own, None, "cl100k_base")


def test_an_id_beyond_tiktokens_proves_that_they_are_the_models(foreign):
    class Large:
        size = 151_669

        def read(self, ids):
            return "read"

        read_loosely = read

    assert read([[5, CL100K_SIZE]], Large(), None) == ["read"]


@pytest.mark.parametrize("token", [-1, 200_000, 1 << 70])
def test_ids_out_of_every_range_are_refused_with_their_place(own, foreign, token):
    for vocabulary in ("auto", "model", "cl100k_base"):
        with pytest.raises(TokenIdError, match=f"token id {token} at position 1"):
            read([[5, token]], own, foreign, vocabulary)


def test_ids_are_refused_altogether_where_the_server_says_so(own, foreign):
    with pytest.raises(InvalidInputError, match="takes no token ids"):
        read([[1]], own, foreign, "refuse")


def test_a_vocabulary_that_cannot_be_had_is_not_asked_for_again_with_every_request():
    asked = []

    def load():
        asked.append(1)
        raise OSError("no network")

    vocabulary = Cl100k(load)
    assert vocabulary.vocabulary() is vocabulary.vocabulary() is None
    assert len(asked) == 1


def test_a_vocabulary_that_is_there_is_loaded_once():
    asked = []
    vocabulary = Cl100k(lambda: (asked.append(1), tiny_tiktoken())[1])
    assert vocabulary.vocabulary() is vocabulary.vocabulary() is not None
    assert len(asked) == 1
