"""Every snippet of the page on clients runs against a live server and gets what the models give."""

from __future__ import annotations

import ast
import gc
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import httpx
import numpy as np
import pytest

from embedrank import Embedder, Reranker
from embedrank.serving.app import create_app
from embedrank.serving.settings import ModelSettings, ServeSettings
from tests.docs.pages import REPOSITORY, blocks, section
from tests.serving.live import Live

PAGE = REPOSITORY / "docs" / "clients.md"
SNIPPETS = blocks(PAGE, "python")
RESULTS = {
    "documents",
    "vectors",
    "query_vector",
    "short_query_vector",
    "ranking",
    "scores",
    "probabilities",
    "best",
    "titles",
}
QUESTION = "What is the capital of France?"
PARIS, BREAD = "Paris is the capital of France.", "Bread is baked from flour."


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    settings = ServeSettings(embedders={"nano": ModelSettings()}, rerankers={"nano": ModelSettings()})
    live = Live(create_app(settings)).start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load("nano")


@pytest.fixture(scope="module")
def reranker() -> Reranker:
    return Reranker.load("nano")


def title_of(snippet: str) -> str:
    """The first line of a snippet: its client, and the calls it makes."""
    first = snippet.splitlines()[0]
    assert re.fullmatch(r"# [a-z_]+: .+", first), first
    return first.removeprefix("# ")


def require(snippet: str) -> None:
    """Skip a snippet whose package is not there, and say how to get it."""
    for node in ast.walk(ast.parse(snippet)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            name = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            assert name is not None
            if not _is_there(name):
                pytest.skip(f'{name} is not installed (pip install "embedrank[clients]")')


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def run(snippet: str) -> dict[str, Any]:
    """The plain values that a snippet leaves behind; clients that it did not close are gone when this returns."""
    names: dict[str, Any] = {}
    exec(compile(snippet, str(PAGE), "exec"), names)
    kept = {name: names[name] for name in names if name in RESULTS}
    names.clear()
    gc.collect()
    return kept


@pytest.mark.filterwarnings("ignore")  # of other people's packages
@pytest.mark.parametrize("snippet", SNIPPETS, ids=title_of)
def test_the_snippet_gets_what_the_models_give(
    snippet: str, server: Live, embedder: Embedder, reranker: Reranker, monkeypatch: pytest.MonkeyPatch
) -> None:
    require(snippet)
    monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "False")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # forbids it every URL, this server's too
    names = run(snippet.replace("http://localhost:8000", server.url))
    assert {"vectors", "ranking"} & set(names)
    if "vectors" in names:
        texts = [getattr(text, "content", text) for text in names["documents"]][-len(names["vectors"]) :]
        texts = [BREAD] if len(names["vectors"]) == 1 else texts
        assert np.allclose(names["vectors"], embedder.encode_documents(texts), atol=1e-4)
    if "query_vector" in names:
        assert np.allclose(names["query_vector"], embedder.encode_queries([QUESTION])[0], atol=1e-4)
    if "short_query_vector" in names:
        expected = embedder.encode_queries([QUESTION], dim=128)[0]
        assert np.allclose(names["short_query_vector"], expected, atol=1e-4)
    if "ranking" in names:
        expected = reranker.score(QUESTION, [BREAD, PARIS])
        assert [place for place, _ in names["ranking"]] == [1, 0]
        assert np.allclose([score for _, score in names["ranking"]], expected[[1, 0]], atol=1e-4)
    for name in ("scores", "probabilities"):
        if name in names:
            assert np.allclose(names[name], reranker.score(QUESTION, [BREAD, PARIS]), atol=1e-4)
    assert names.get("best", PARIS) == PARIS
    assert names.get("titles", ["France"]) == ["France"]


def test_the_table_has_every_path_of_the_api_but_those_of_operations(server: Live) -> None:
    document = httpx.get(f"{server.url}/openapi.json").json()
    rows = [line.split("|")[1] for line in section(PAGE, "Paths").splitlines() if line.startswith("| `")]
    named = {path for row in rows for path in re.findall(r"`(?:POST )?(/[^`]*)`", row)}
    clients = {"openai", "cohere", "jina", "tei", "vllm"}
    there = {
        path
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if clients & set(operation.get("tags", ()))
    }
    assert named == there
