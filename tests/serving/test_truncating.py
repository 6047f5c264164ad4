"""Texts that are too long are refused, or cut where the policy says; either way it is told."""

import asyncio

import numpy as np
import pytest

from embedrank import Embedder, Reranker
from embedrank.core.errors import InvalidInputError
from embedrank.serving.truncating import checked_truncate, fit_documents, fit_texts

MAX = 64


@pytest.fixture(scope="module")
def embedder(embedder_folder):
    return Embedder.load(str(embedder_folder), dtype="fp32", native="off", max_length=MAX, plain_text=True)


@pytest.fixture(scope="module")
def reranker(reranker_folder):
    return Reranker.load(str(reranker_folder), dtype="fp32", native="off", max_length=400, plain_text=True)


def fit(embedder, texts, truncate, *, side="document", instruction=None):
    return fit_texts(embedder, texts, side=side, instruction=instruction, truncate=truncate)


@pytest.mark.parametrize(
    "text", ["a" * 500, "🙂" * 100, "é\u0301" * 80, "x " * 300, "梵文" * 90, "w" * 100_000, " " * 900]
)
def test_the_end_is_kept_as_far_as_the_model_reads(embedder, text):
    (kept,), (is_cut,) = fit(embedder, [text], "left")
    ((ids, uncut),) = embedder.tokenize([kept])
    assert is_cut and text.endswith(kept)
    assert MAX - 8 <= len(ids) == uncut <= MAX  # a character may be some tokens


@pytest.mark.parametrize(("length", "is_cut"), [(MAX - 2, False), (MAX - 1, False), (MAX, True), (MAX + 1, True)])
def test_a_text_is_cut_from_the_very_token_that_is_too_many(embedder, length, is_cut):
    text = "".join("abcd"[number % 4] for number in range(length))
    (kept,), (told,) = fit(embedder, [text], "left")
    assert told is is_cut and kept == text[-(MAX - 1) :]
    if is_cut:
        with pytest.raises(
            InvalidInputError, match=rf"input\[1\]: takes {length + 1} tokens and the model reads {MAX}"
        ):
            fit(embedder, ["fine", text], "error")
    else:
        assert fit(embedder, [text], "error") == ([text], [False])


def test_a_query_keeps_its_instruction_when_its_beginning_is_cut(embedder):
    (kept,), (is_cut,) = fit(embedder, ["q" * 500], "left", side="query", instruction="find")
    (ids,) = [ids for ids, _ in embedder.tokenize([embedder.prompts.query(kept, "find")])]
    assert is_cut and len(ids) == MAX and 0 < len(kept) < MAX


def test_an_instruction_that_leaves_no_room_is_told(embedder):
    with pytest.raises(InvalidInputError, match="instruction: leaves no room"):
        fit(embedder, ["a text"], "left", side="query", instruction="i" * 500)


def test_only_the_documents_that_are_too_long_are_cut(reranker):
    documents = ["short", "b" * 2000, ""]
    kept, cut = fit_documents(reranker, "a query", documents, instruction=None, truncate="left")
    assert cut == [False, True, False] and kept[0] == "short" and kept[1] != "b" * 2000 and kept[1].endswith("bbb")
    judged = reranker.judge("a query", kept)
    assert not judged.truncations and judged.num_tokens[1] == 400
    with pytest.raises(InvalidInputError, match=r"documents\[1\]"):
        fit_documents(reranker, "a query", documents, instruction=None, truncate="error")


def test_a_policy_that_is_none_is_refused():
    assert checked_truncate("left") == "left"
    with pytest.raises(InvalidInputError, match="error, left, right"):
        checked_truncate("middle")


def test_the_service_tells_of_each_item_whether_it_was_cut(pico):
    async def ask(policy):
        scored = await pico.service.score("hello", ["short", "w" * 2000], model=None, truncate=policy)
        embedded = await pico.service.embed(["w" * 2000, "short"], side="query", model=None, truncate=policy)
        return scored, embedded

    for policy in ("left", "right"):
        scored, embedded = asyncio.run_coroutine_threadsafe(ask(policy), pico.loop).result(30)
        assert (scored.truncated, embedded.truncated) == ([False, True], [True, False])
        assert scored.num_tokens[1] == 400 and embedded.num_tokens[0] == 512
        assert np.all((scored.scores > 0) & (scored.scores < 1))
