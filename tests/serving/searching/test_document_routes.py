import json

from embedrank.serving.searching.settings import SearchingSettings
from tests.serving.searching.conftest import ended


def test_texts_become_documents_and_the_job_counts_them(searched):
    async def work(client):
        texts = [{"text": "Salmon swim."}, {"id": "bear", "text": "A white bear."}, {"id": "void", "text": " \n "}]
        return await ended(client, await client.post("/documents", json={"documents": texts}))

    job = searched(work)
    assert (job["state"], job["added"], job["updated"], job["chunks"]) == ("done", 1, 1, 2)
    assert (job["num_skipped"], job["skipped"]) == (1, [{"name": "void", "reason": "no text"}])
    assert (job["done"], job["total"]) == (3, 3)


def test_files_are_read_by_their_formats_and_what_cannot_be_is_told(searched, upload):
    async def work(client):
        lines = "\n".join(json.dumps({"_id": f"r{n}", "text": f"Row {n} of wolves"}) for n in range(2))
        files = [("notes/a.md", b"# Wolves\n\nThey howl."), ("rows.jsonl", lines.encode()), ("x.bin", b"\0\1\2" * 50)]
        job = await upload(client, files)
        found = await client.post("/search", json={"query": "wolves howl", "mode": "lexical"})
        return job, {hit["document_id"]: hit["path"] for hit in found.json()["hits"]}

    job, found = searched(work)
    assert (job["state"], job["added"], job["num_files"], job["num_skipped"]) == ("done", 3, 3, 1)
    assert job["skipped"][0]["name"] == "uploads/x.bin"
    assert found == {"uploads/notes/a.md": "uploads/notes/a.md", "r0": "uploads/rows.jsonl", "r1": "uploads/rows.jsonl"}


def test_a_file_of_the_same_name_takes_the_place_of_the_first(searched, upload):
    async def work(client):
        first = await upload(client, [("a.txt", b"wolves howl")])
        again = await upload(client, [("a.txt", b"wolves howl")])
        other = await upload(client, [("a.txt", b"owls hoot")])
        return first, again, other, (await client.get("/documents", params={"path": "uploads/"})).json()

    first, again, other, listed = searched(work)
    assert (first["added"], again["unchanged"], other["updated"]) == (1, 1, 1)
    assert listed["documents"] == [{"id": "uploads/a.txt", "path": "uploads/a.txt", "chunks": 1}]


def test_no_name_of_a_file_leads_out_of_the_folder_of_uploads(searched, upload, folder, tmp_path):
    names = [
        "../../escape.txt",
        "/etc/escape.txt",
        "..\\..\\escape.txt",
        ".hidden/.escape.txt",
        "a/../../b.txt",
        "\u202e.txt",
    ]
    before = {path for path in tmp_path.rglob("*") if folder not in path.parents}

    async def work(client):
        return await upload(client, [(name, b"wolves") for name in names])

    job = searched(work)
    assert job["state"] == "done"
    assert {path for path in tmp_path.rglob("*") if folder not in path.parents} <= before | {folder}
    uploads = folder / "uploads"
    stored = {path.relative_to(uploads).as_posix() for path in uploads.rglob("*") if path.is_file()}
    assert stored == {"escape.txt", "etc/escape.txt", "hidden/escape.txt", "a/b.txt", "_.txt"}


def test_a_link_planted_in_the_folder_of_uploads_is_not_followed(searched, upload, folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()

    async def work(client):
        (folder / "uploads").mkdir()
        (folder / "uploads" / "link").symlink_to(outside)
        return await client.post("/documents/files", files=[("files", ("link/a.txt", b"wolves"))])

    response = searched(work)
    assert response.status_code == 400
    assert "leads out" in response.json()["error"]["message"]
    assert list(outside.iterdir()) == []


def test_removing_a_document_removes_its_file_and_its_neighbours_stay(searched, upload, folder):
    async def work(client):
        await upload(client, [("a.txt", b"wolves"), ("b.txt", b"owls")])
        gone = await ended(client, await client.delete("/documents/uploads%2Fa.txt"))
        none = await ended(client, await client.delete("/documents/uploads/never.txt"))
        return gone, none, (await client.get("/documents")).json()

    gone, none, listed = searched(work)
    assert (gone["removed"], gone["chunks"], none["removed"]) == (1, 1, 0)
    assert [document["id"] for document in listed["documents"]] == ["a/fox.md", "bear", "uploads/b.txt", "zug"]
    assert [path.name for path in (folder / "uploads").iterdir()] == ["b.txt"]


def test_a_file_that_holds_less_than_before_leaves_nothing_behind(searched, upload):
    lines = [b'{"_id": "r0", "text": "wolves"}\n', b'{"_id": "r1", "text": "owls"}\n']

    async def work(client):
        await upload(client, [("rows.jsonl", b"".join(lines))])
        job = await upload(client, [("rows.jsonl", lines[0])])
        return job, (await client.get("/documents", params={"path": "uploads/"})).json()

    job, listed = searched(work)
    assert (job["unchanged"], job["removed"]) == (1, 1)
    assert [document["id"] for document in listed["documents"]] == ["r0"]


def test_a_file_of_many_documents_stays_until_the_last_of_them_is_removed(searched, upload, folder):
    lines = b'{"_id": "r0", "text": "wolves"}\n{"_id": "r1", "text": "owls"}\n'

    async def work(client):
        await upload(client, [("rows.jsonl", lines)])
        await ended(client, await client.delete("/documents/r0"))
        is_there = (folder / "uploads" / "rows.jsonl").exists()
        await ended(client, await client.delete("/documents/r1"))
        return is_there, (folder / "uploads" / "rows.jsonl").exists()

    assert searched(work) == (True, False)


def test_documents_are_removed_by_path_and_never_all_of_them_by_accident(searched):
    async def work(client):
        nothing = await client.delete("/documents")
        empty = await client.delete("/documents", params={"path": ""})
        by_path = await ended(client, await client.delete("/documents", params={"path": "a/"}))
        return nothing.status_code, empty.status_code, by_path["removed"]

    assert searched(work) == (422, 422, 1)


def test_the_list_comes_in_pages_and_can_be_narrowed(searched):
    async def work(client):
        page = (await client.get("/documents", params={"offset": 1, "limit": 1})).json()
        narrowed = (await client.get("/documents", params={"path": "*.md"})).json()
        return page, narrowed, (await client.get("/documents", params={"limit": 501})).status_code

    page, narrowed, status = searched(work)
    assert (page["total"], [document["id"] for document in page["documents"]]) == (3, ["bear"])
    assert [document["id"] for document in narrowed["documents"]] == ["a/fox.md"]
    assert status == 422


def test_a_document_can_be_read_whole_whatever_signs_its_id_has(searched):
    text = "\n\n".join(f"Paragraph {number} " + "of a long story. " * 30 for number in range(12))
    name = "a b/ü?#%2F.txt"

    async def work(client):
        from urllib.parse import quote

        whole = (await client.get(f"/documents/{quote(name, safe='')}")).json()
        part = (await client.get(f"/documents/{quote(name, safe='')}?offset=1&limit=1")).json()
        return whole, part, await client.get("/documents/none")

    whole, part, none = searched(work, texts=[{"id": name, "text": text}])
    assert whole["num_chunks"] == len(whole["chunks"]) > 1
    assert "Paragraph 11" in whole["chunks"][-1]["text"]
    assert part["chunks"] == whole["chunks"][1:2]
    assert (none.status_code, none.json()["error"]["kind"]) == (400, "invalid_input")


def test_similar_documents_never_hold_the_document_itself(searched):
    async def work(client):
        return (await client.get("/documents/a/fox.md/similar", params={"top": 2})).json()

    similar = searched(work)
    assert similar["id"] == "a/fox.md"
    assert {hit["document_id"] for hit in similar["hits"]} == {"bear", "zug"}


def test_too_many_documents_and_too_long_texts_are_413(searched):
    async def work(client):
        many = await client.post("/documents", json={"documents": [{"text": "a"}] * 3})
        long = await client.post("/documents", json={"documents": [{"text": "a" * 11}]})
        files = await client.post("/documents/files", files=[("files", (f"{n}.txt", b"a")) for n in range(3)])
        return many.status_code, long.status_code, files.status_code

    settings = SearchingSettings(max_documents=2, max_text_chars=10)
    assert searched(work, texts=[], searching=settings) == (413, 413, 413)


def test_a_page_of_another_origin_may_change_nothing(searched):
    async def work(client):
        foreign, own = {"Origin": "http://evil.example"}, {"Origin": "http://test"}
        answers = [
            await client.post("/documents/files", files=[("files", ("a.txt", b"wolves"))], headers=foreign),
            await client.post("/documents", json={"documents": [{"text": "wolves"}]}, headers=foreign),
            await client.delete("/documents/bear", headers=foreign),
            await client.post("/feedback", json={"query": "q", "chunk_id": "bear#0", "thumb": "up"}, headers=foreign),
        ]
        body, proxied = {"documents": [{"text": "wolves"}]}, {**foreign, "Sec-Fetch-Site": "same-origin"}
        allowed = [await client.post("/documents", json=body, headers=headers) for headers in (own, proxied)]
        return [answer.status_code for answer in (*answers, *allowed)], (await client.get("/jobs")).json()

    statuses, jobs = searched(work)
    assert (statuses, len(jobs)) == ([403] * 4 + [202] * 2, 3)


def test_what_was_uploaded_is_there_when_the_server_starts_again(searched, upload):
    searched(lambda client: upload(client, [("a.txt", b"wolves")]), texts=[])
    listed = searched(lambda client: client.get("/documents"), texts=[]).json()
    assert [document["id"] for document in listed["documents"]] == ["uploads/a.txt"]
