import asyncio
import shutil

import pytest

from embedrank.serving.searching.settings import SearchingSettings


def test_a_search_tells_hits_stages_ranks_highlights_and_latency(searched):
    answer = searched(lambda client: client.post("/search", json={"query": "brown bear"})).json()
    assert [hit["rank"] for hit in answer["hits"]] == [1, 2, 3]
    bear = next(hit for hit in answer["hits"] if hit["document_id"] == "bear")
    assert set(bear["stages"]) == {"dense", "lexical", "fused", "rerank"}
    assert [bear["text"][low:high] for low, high in bear["highlights"]] == ["brown", "bear"]
    assert (bear["lang"], bear["metadata"]["year"]) == ("en", 2020)
    assert list(answer["latency_ms"]) == ["embed", "dense", "lexical", "fused", "read", "rerank", "explain", "total"]
    assert answer["found"] == {"dense": 3, "lexical": 2, "fused": 3, "rerank": 3}
    assert answer["explanation"] is None


def test_a_search_by_url_answers_as_one_by_body(searched):
    async def work(client):
        by_url = await client.get("/search", params={"query": "brown", "top": 2, "lang": ["en", "de"], "rerank": False})
        body = {"query": "brown", "top": 2, "lang": ["en", "de"], "rerank": False}
        return by_url.json(), (await client.post("/search", json=body)).json()

    by_url, by_body = searched(work)
    assert by_url["hits"] == by_body["hits"]
    assert "rerank" not in by_url["found"]


def test_filters_by_language_path_and_any_key_narrow_both_lists(searched):
    async def work(client):
        found = []
        for narrowed in ({"lang": ["de"]}, {"path": "a/"}, {"path": "*.md"}, {"filters": {"year": 2020}}):
            answer = (await client.post("/search", json={"query": "brown Zug", **narrowed})).json()
            found.append([hit["document_id"] for hit in answer["hits"]])
        return found

    assert searched(work) == [["zug"], ["a/fox.md"], ["a/fox.md"], ["bear"]]


def test_explain_tells_choices_lists_and_why(searched):
    body = {"query": "brown", "explain": True, "dim": 32, "instruction": "Find animals", "top": 2, "rerank_depth": 2}
    answer = searched(lambda client: client.post("/search", json=body)).json()
    choices = answer["explanation"]["choices"]
    assert (choices["dim"], choices["instruction"], choices["blend"]) == (32, "Find animals", "logit")
    assert answer["dim"] == 32
    assert len(answer["explanation"]["lists"]["rerank"]) == 2
    assert "dense #" in answer["hits"][0]["why"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"query": "  "}, 400, "empty"),
        ({"query": "x", "dim": 4096}, 400, "more than"),
        ({"query": "x" * 9000}, 413, "characters of the query"),
        ({"query": "x", "top": 101}, 413, "top"),
        ({"query": "x", "recall": 1001}, 413, "recall"),
        ({"query": "x", "top": 0}, 422, "top"),
        ({"query": "x", "mode": "magic"}, 422, "mode"),
        ({"query": "x", "tpo": 3}, 422, "tpo"),
        ({}, 422, "query"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_our_own_words(searched, body, status, says):
    response = searched(lambda client: client.post("/search", json=body), texts=[])
    assert response.status_code == status
    assert says in response.json()["error"]["message"]


def test_the_index_tells_what_it_holds_and_what_can_be_asked(searched):
    told = searched(lambda client: client.get("/index")).json()
    assert (told["num_documents"], told["num_chunks"], told["dim"]) == (3, 3, 48)
    assert (told["dims"], told["languages"]) == ([48, 32], {"en": 2, "de": 1})
    assert (told["name"], told["examples"]) == ("i", ["Bahn"])


def test_the_map_has_every_chunk_inside_the_square_and_is_drawn_anew_only_after_a_write(searched):
    async def work(client):
        corpus_map = client.app.state.room.corpus_map
        first, again = (await client.get("/map")).json(), corpus_map.picture()
        same = corpus_map.picture()
        await client.delete("/documents/zug")
        return first, again is same, (await client.get("/map")).json()

    first, is_kept, second = searched(work)
    assert {point["id"] for point in first["points"]} == {"bear#0", "a/fox.md#0", "zug#0"}
    assert all(0 <= point["x"] <= 1 and 0 <= point["y"] <= 1 for point in first["points"])
    assert is_kept and not first["is_sample"]
    assert second["num_points"] == 2


def test_a_large_index_shows_the_same_sample_each_time_and_says_so(searched):
    texts = [{"id": f"d{number}", "text": f"text number {number}"} for number in range(20)]

    async def work(client):
        drawn = (await client.get("/map")).json()
        client.app.state.room.corpus_map._picture = None
        return drawn, (await client.get("/map")).json()

    drawn, again = searched(work, texts=texts, searching=SearchingSettings(map_points=5))
    assert (drawn["num_points"], drawn["num_chunks"], drawn["is_sample"]) == (5, 20, True)
    assert drawn == again


def test_a_server_without_an_index_says_how_to_get_one(call):
    async def work():
        async with call() as client:
            return await client.get("/search", params={"query": "x"}), await client.get("/documents")

    for response in asyncio.run(work()):
        assert response.status_code == 404
        assert "--index FOLDER" in response.json()["error"]["message"]


def test_an_index_that_is_gone_is_503_and_not_a_hang(searched, folder):
    async def work(client):
        shutil.rmtree(folder / "chunks.lance")
        paths = ("/search?query=x", "/documents", "/map", "/index", "/documents/bear/similar", "/documents/bear")
        return [await client.get(path) for path in paths]

    for response in searched(work):
        assert response.status_code == 503, response.text
        assert response.json()["error"]["kind"] == "storage"
        assert "Retry-After" in response.headers


def test_too_many_searches_at_once_are_429_and_the_next_is_answered(searched):
    async def work(client):
        library = client.app.state.room.library
        library._in_flight = 1000  # as if so many waited
        refused = await client.get("/search", params={"query": "x"})
        library._in_flight = 0
        return refused, await client.get("/search", params={"query": "x"})

    refused, answered = searched(work)
    assert (refused.status_code, answered.status_code) == (429, 200)
    assert "Retry-After" in refused.headers


def test_many_searches_at_once_each_get_their_own_answer_and_all_places_are_free_again(searched):
    queries = ["brown bear", "fox", "Zug nach Bern"] * 6

    async def work(client):
        answers = await asyncio.gather(*[client.post("/search", json={"query": query}) for query in queries])
        await asyncio.sleep(0)
        return [answer.json() for answer in answers], client.app.state.room.library._in_flight

    answers, in_flight = searched(work)
    assert [answer["query"] for answer in answers] == queries
    assert all(answers[place]["hits"] == answers[place % 3]["hits"] for place in range(len(queries)))
    assert in_flight == 0


def test_searching_charges_tokens_to_the_key_and_its_stages_to_the_metrics(searched):
    async def work(client):
        await client.post("/search", json={"query": "brown"})
        return (await client.get("/metrics")).text

    text = searched(work)
    assert 'embedrank_stage_seconds_count{stage="search_dense"} 1.0' in text
    assert 'embedrank_tokens_total{model="pico"}' in text
