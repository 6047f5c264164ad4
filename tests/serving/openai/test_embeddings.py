"""OpenAI's embeddings, asked by hand and by OpenAI's own client."""

import base64

import numpy as np
import openai
import pytest

from tests.serving.fakes import client, embed, vectors


@pytest.fixture(scope="module")
def api(pico):
    with openai.OpenAI(base_url=f"{pico.url}/v1", api_key="none", max_retries=0) as made:
        yield made


def test_openais_client_gets_the_vectors_of_its_texts_in_order(pico, api):
    answer = api.embeddings.create(model="pico", input=["hello", "world"])  # asks for base64 by itself
    assert np.allclose([row.embedding for row in answer.data], vectors(embed(pico.url, ["hello", "world"])), atol=1e-6)
    assert [row.index for row in answer.data] == [0, 1]
    assert answer.model == "pico" and answer.usage.prompt_tokens == answer.usage.total_tokens == 4


def test_base64_holds_little_endian_float32(pico):
    text = embed(pico.url, "hello", encoding_format="base64").json()["data"][0]["embedding"]
    numbers = np.frombuffer(base64.b64decode(text), dtype="<f4")
    assert np.allclose(numbers, vectors(embed(pico.url, "hello"))[0], atol=1e-7)


def test_fewer_dimensions_are_the_front_of_the_whole_vector_at_unit_length(pico, api):
    whole = np.asarray(vectors(embed(pico.url, "hello"))[0])
    short = api.embeddings.create(model="pico", input="hello", dimensions=32).data[0].embedding
    assert np.allclose(short, whole[:32] / np.linalg.norm(whole[:32]), atol=1e-5)


def test_dimensions_out_of_range_are_refused_with_the_range(api):
    with pytest.raises(openai.BadRequestError, match=r"in 32\.\.48") as refused:
        api.embeddings.create(model="pico", input="hello", dimensions=49)
    assert refused.value.param == "dimensions"


def test_texts_are_documents_unless_they_are_said_to_be_queries(pico, api):
    ask = lambda **extra: api.embeddings.create(model="pico", input="hello", extra_body=extra).data[0].embedding  # noqa: E731
    plain = ask()
    assert np.allclose(plain, ask(input_type="document"), atol=1e-6)
    query = ask(input_type="query")
    assert not np.allclose(plain, query, atol=1e-3)
    told = ask(instruction="Find code")
    assert not np.allclose(query, told, atol=1e-3)
    assert np.allclose(told, ask(input_type="query", instruction="Find code"), atol=1e-6)
    assert np.allclose(plain, ask(input_type="query", instruction=""), atol=1e-5)


def test_the_truncation_policy_is_obeyed_and_told(pico, api):
    long = "a" * 600 + "b" * 600
    data = {policy: embed(pico.url, [long], truncate=policy).json() for policy in ("left", "right", "error")}
    assert data["left"]["data"][0]["truncated"] and data["right"]["data"][0]["truncated"]
    assert np.allclose(data["left"]["data"][0]["embedding"], vectors(embed(pico.url, ["b" * 511]))[0], atol=1e-5)
    assert "takes 1201 tokens and the model reads 512" in data["error"]["error"]["message"]


def test_an_alias_is_another_name_of_a_model_and_any_other_name_is_404(api):
    assert api.embeddings.create(model="alias", input="hello").model == "pico"
    with pytest.raises(
        openai.NotFoundError, match="'text-embedding-3-large': no such embedder is served here"
    ) as refused:
        api.embeddings.create(model="text-embedding-3-large", input="hello")
    assert refused.value.code == "model_not_found"


def test_a_server_that_is_told_so_takes_every_name(serving, loader):
    live = serving(loader=loader, any_model=True)
    assert embed(live.url, "hello", model="text-embedding-ada-002").status_code == 200


def test_token_ids_of_the_models_vocabulary_are_read_where_they_are_said_to_be_its_own(pico, api):
    ids = pico.service.shelf.entries[0].loaded.model.tokenizer.encode(["hello world"])[0]
    mine = {"token_vocabulary": "model"}
    answer = api.embeddings.create(model="pico", input=[ids, ids], extra_body=mine)
    assert np.allclose(answer.data[1].embedding, vectors(embed(pico.url, "hello world"))[0], atol=1e-5)
    assert len(api.embeddings.create(model="pico", input=ids, extra_body=mine).data) == 1


@pytest.mark.parametrize("ids", [[999_999], [[1, 2], [-5]], [151_670, 3]])
def test_token_ids_of_nobody_are_refused(pico, ids):
    refused = embed(pico.url, ids)
    assert refused.status_code == 400 and "token id" in refused.json()["error"]["message"]


def test_what_is_served_is_listed_and_found(pico, api):
    (model,) = api.models.list().data
    assert (model.id, model.kinds, model.dimensions) == ("pico", ["embedder", "reranker"], 48)
    assert api.models.retrieve("alias").id == "pico"
    with pytest.raises(openai.NotFoundError):
        api.models.retrieve("gpt-4")
    assert str(pico.app.state.settings.embedders["pico"].source) not in client().get(f"{pico.url}/v1/models").text
