"""Chunks follow the structure of a text, keep to their size and lose nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.core.types import Document
from embedrank.index.chunking import ChunkConfig, chunk_document, document_hash

TEXT = st.text(alphabet=st.sampled_from("ab .\n梵文。é\t#"), min_size=1, max_size=600)


@given(TEXT, st.sampled_from([".txt", ".md", ".py"]))
@settings(max_examples=150, deadline=None)
def test_every_character_but_space_survives(text: str, suffix: str) -> None:
    document = Document(id="d", text=text, path=f"/x/d{suffix}")
    chunks = chunk_document(document, ChunkConfig(max_chars=80, min_chars=10))
    assert "".join("".join(chunk.text for chunk in chunks).split()) == "".join(text.split())


@given(TEXT)
@settings(max_examples=80, deadline=None)
def test_chunks_keep_to_their_size_unless_one_word_is_larger(text: str) -> None:
    chunks = chunk_document(Document(id="d", text=text), ChunkConfig(max_chars=60, min_chars=10))
    longest_word = max((len(word) for word in text.split()), default=0)
    assert all(len(chunk.text) <= max(60, longest_word) for chunk in chunks)


def test_headings_are_carried_and_lines_are_known() -> None:
    text = "# Metals\n\n" + "Intro. " * 60 + "\n\n## Tin\n\n" + "Tin bends. " * 60
    chunks = chunk_document(Document(id="d", text=text, title="Book", path="/x/d.md"), ChunkConfig(max_chars=500))
    tin = [chunk for chunk in chunks if "Tin bends." in chunk.text]
    assert tin
    assert all("Metals" in chunk.title and "Tin" in chunk.title for chunk in tin)
    assert chunks[0].start_line == 1
    assert [chunk.ordinal for chunk in chunks] == list(range(len(chunks)))


def test_code_is_cut_at_functions() -> None:
    code = "\n\n".join(f"def function_{n}(x):\n    return x + {n}  # " + "y" * 60 for n in range(8))
    chunks = chunk_document(Document(id="d", text=code, path="/x/d.py"), ChunkConfig(max_chars=200, min_chars=20))
    assert len(chunks) >= 4
    assert all(chunk.text.lstrip().startswith("def ") for chunk in chunks)


def test_the_hash_follows_text_title_metadata_and_cutting() -> None:
    base = Document(id="d", text="t")
    variants = [
        (base, ChunkConfig()),
        (Document(id="d", text="u"), ChunkConfig()),
        (Document(id="d", text="t", title="x"), ChunkConfig()),
        (Document(id="d", text="t", metadata={"k": 1}), ChunkConfig()),
        (base, ChunkConfig(max_chars=100, min_chars=10)),
    ]
    assert len({document_hash(document, config) for document, config in variants}) == len(variants)
    assert document_hash(base, ChunkConfig()) == document_hash(Document(id="d", text="t"), ChunkConfig())
