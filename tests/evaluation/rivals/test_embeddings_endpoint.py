"""Vectors of an endpoint arrive in order and whole, or not at all."""

import numpy as np
import pytest

from embedrank.core.errors import EndpointError, InvalidInputError
from embedrank.core.protocols import Encoder
from embedrank.evaluation.rivals.embeddings_endpoint import OPTIONS, EmbeddingsEndpoint
from embedrank.evaluation.rivals.place import Place
from tests.evaluation.rivals.endpoint_server import Replies, serving
from tests.search.fakes import BagEncoder

TEXTS = [f"the brown bear catches {number} salmon" for number in range(10)]
AT_ONCE = {"retry-after-ms": "1"}


def endpoint(url, options="", **more):
    return EmbeddingsEndpoint(Place.parse(f"bag@{url}/v1{options}", known=OPTIONS), **more)


@pytest.mark.parametrize("options", ["#batch=3", "#batch=3&encoding=float", "#batch=1&concurrency=8"])
@pytest.mark.parametrize("ignores_base64", [False, True])
def test_batches_and_shuffled_rows_are_put_in_order(options, ignores_base64):
    with serving(Replies(ignores_base64=ignores_base64)) as url:
        model = endpoint(url, options)
        assert isinstance(model, Encoder) and model.dim == 256
        assert np.abs(model.encode_documents(TEXTS) - BagEncoder().encode_documents(TEXTS)).max() < 1e-6


def test_instructions_stand_before_queries_only():
    replies = Replies()
    with serving(replies) as url:
        model = endpoint(url, "#query_prefix=q:%20&document_prefix=d:%20")
        assert model.default_instruction is None
        model.encode_queries(["bear"])
        model.encode_queries(["bear"], instruction="find it")
        model.encode_documents(["bear"])
        assert endpoint(url, "#instructed=yes").default_instruction
    asked = [body["input"] for _, body, _ in replies.requests[1:4]]
    assert asked == [["q: bear"], ["Instruct: find it\nQuery:q: bear"], ["d: bear"]]


def test_dimensions_are_asked_for_and_checked():
    replies = Replies()
    with serving(replies) as url:
        model = endpoint(url, "#dimensions=64")
        assert model.dim == 64 and replies.requests[0][1]["dimensions"] == 64
        with pytest.raises(InvalidInputError, match=r"outside 1\.\.64"):
            model.encode_documents(["a"], dim=65)


def test_the_key_is_sent():
    replies = Replies()
    with serving(replies) as url:
        endpoint(url, key="secret")
    assert replies.requests[0][2]["Authorization"] == "Bearer secret"


def test_what_passes_is_asked_again():
    replies = Replies(failures=[(429, AT_ONCE), (500, AT_ONCE), (503, AT_ONCE)])
    with serving(replies) as url:
        assert endpoint(url).dim == 256
    assert len(replies.requests) == 4


@pytest.mark.parametrize(
    ("status", "retries", "part"), [(500, 2, "500: .*not now"), (401, 0, r"401: .*\(see to the key\)"), (400, 0, "400")]
)
def test_what_does_not_pass_is_one_line(status, retries, part):
    replies = Replies(failures=[(status, AT_ONCE)] * 9)
    with serving(replies) as url, pytest.raises(EndpointError, match=part) as raised:
        endpoint(url, max_retries=2)
    assert len(replies.requests) == 1 + retries
    assert "\n" not in str(raised.value)


def test_no_server_is_one_line():
    with pytest.raises(EndpointError, match=r"no connection: .*is it running"):
        endpoint("http://127.0.0.1:9", max_retries=0)


def changed(**fields):
    def spoil(reply):
        return {**reply, "data": [{**reply["data"][0], **fields}, *reply["data"][1:]]}

    return spoil


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (lambda reply: {**reply, "data": reply["data"][1:]}, "1 vectors came for 2 texts"),
        (lambda reply: {**reply, "data": reply["data"] * 2}, "4 vectors came for 2 texts"),
        (lambda reply: {**reply, "data": []}, "0 vectors came for 2 texts"),
        (changed(index=0), "indices are not 0 to n-1"),
        (changed(embedding=[1.0] * 255), "a vector has 255 numbers and not 256"),
        (changed(embedding=[float("nan")] * 256), "not finite"),
        (changed(embedding=[0.0] * 256), "all zeros"),
        (changed(embedding=["x"] * 256), "cannot be read"),
        (changed(embedding=None), "a vector has 1 numbers"),
        (lambda reply: "<html>", "cannot be read"),
        (lambda reply: {"error": "busy"}, "cannot be read"),
    ],
)
def test_answers_that_cannot_be_used_are_refused(spoil, part):
    replies = Replies()
    with serving(replies) as url:
        model = endpoint(url, "#encoding=float")
        replies.spoil = spoil
        with pytest.raises(EndpointError, match=part):
            model.encode_documents(["bear", "fox"])


def test_the_fingerprint_names_model_place_and_options():
    with serving(Replies()) as url:
        names = {endpoint(url, options).fingerprint for options in ("", "#dimensions=64", "#query_prefix=q")}
        assert len(names) == 3 and endpoint(url, "#batch=7").fingerprint in names
