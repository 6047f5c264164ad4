"""Scores of an endpoint arrive in the order of the documents, in both dialects."""

import numpy as np
import pytest

from embedrank.core.errors import EndpointError
from embedrank.core.protocols import Reranker
from embedrank.evaluation.rivals.place import Place
from embedrank.evaluation.rivals.rerank_endpoint import OPTIONS, RerankEndpoint
from tests.evaluation.rivals.endpoint_server import Replies, serving
from tests.search.fakes import OverlapReranker

QUERY = "what does the bear catch"
TEXTS = ["ferries cross the river", "the brown bear catches salmon", "what does the bear catch"]


def endpoint(url, **more):
    return RerankEndpoint(Place.parse(f"m@{url}", known=OPTIONS), **more)


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1", "cohere"),
        ("/v2/rerank", "cohere"),
        ("", "tei"),
        ("/rerank", "tei"),
        ("#api=cohere", "cohere"),
        ("/v1#api=tei&batch=2&scores=logit", "tei"),
    ],
)
def test_both_dialects_give_logits_in_the_order_of_the_documents(path, dialect):
    replies = Replies()
    with serving(replies) as url:
        model = endpoint(url + path)
        assert isinstance(model, Reranker) and model.dialect == dialect
        assert np.abs(model.logits(QUERY, TEXTS) - OverlapReranker().logits(QUERY, TEXTS)).max() < 1e-4
        assert np.abs(model.score(QUERY, TEXTS) - OverlapReranker().score(QUERY, TEXTS)).max() < 1e-5
    assert {path.rpartition("/")[2] for path, _, _ in replies.requests} == {"rerank"}
    assert ("texts" in replies.requests[0][1]) == (dialect == "tei")


def test_an_instruction_is_read_only_where_that_is_said():
    replies = Replies()
    with serving(replies) as url:
        endpoint(f"{url}/v1").logits("bear", ["fox"], instruction="find it")
        endpoint(f"{url}/v1#instructed=yes").logits("bear", ["fox"], instruction="find it")
    assert [body["query"] for _, body, _ in replies.requests] == ["bear", "Instruct: find it\nQuery:bear"]


def test_what_passes_is_asked_again():
    replies = Replies(failures=[(429, {"retry-after-ms": "1"})])
    with serving(replies) as url:
        assert len(endpoint(f"{url}/v1").logits(QUERY, TEXTS)) == 3


def test_certain_scores_stay_finite():
    with serving(Replies(spoil=lambda reply: [{"index": 0, "score": 1.0}, {"index": 1, "score": 0.0}])) as url:
        logits = endpoint(url).logits(QUERY, TEXTS[:2])
    assert np.isfinite(logits).all() and logits[0] > 20 and logits[1] < -20


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (lambda rows: rows[1:], "2 scores came for 3 documents"),
        (lambda rows: [{**row, "index": 0} for row in rows], "or for others"),
        (lambda rows: [{**row, "score": float("nan")} for row in rows], "not finite"),
        (lambda rows: [{**row, "score": 3.0} for row in rows], r"outside 0\.\.1 \(say scores=logit"),
        (lambda rows: {"results": rows}, "cannot be read"),
        (lambda rows: [{"index": 0}], "cannot be read"),
        (lambda rows: "<html>", "cannot be read"),
    ],
)
def test_answers_that_cannot_be_used_are_refused(spoil, part):
    with serving(Replies(spoil=spoil)) as url, pytest.raises(EndpointError, match=part):
        endpoint(url).logits(QUERY, TEXTS)


def test_failure_is_one_line():
    with serving(Replies(failures=[(400, {})])) as url, pytest.raises(EndpointError, match=r"400: .*not now") as raised:
        endpoint(url).logits(QUERY, TEXTS)
    assert "\n" not in str(raised.value)
