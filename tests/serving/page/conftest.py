"""A live server over an index of a few documents, with pico models, and a browser that looks at it."""

import httpx
import pytest

from embedrank.serving.app import create_app
from tests.serving.live import Live
from tests.serving.page.browser import PATIENCE_MS, browser

TEXTS = [
    {"id": "bear", "title": "Bear", "text": "The brown bear catches salmon in the river.", "metadata": {"lang": "en"}},
    {
        "id": "fox",
        "path": "a/fox.md",
        "text": "A brown fox sleeps 🦊 in the brown <b>grass</b>.",
        "metadata": {"lang": "en"},
    },
    {"id": "zug", "title": "Bahn", "text": "Der Zug fährt nach Bern.", "metadata": {"lang": "de"}},
]


@pytest.fixture(scope="module")
def chromium():
    """One browser for the tests of a file."""
    with browser() as launched:
        yield launched


def _filled(url):
    """Put `TEXTS` into the index of a server."""
    with httpx.Client(base_url=url, timeout=60) as client:
        job = client.post("/documents", json={"documents": TEXTS}).json()
        while job["state"] not in ("done", "failed", "stopped"):
            job = client.get(f"/jobs/{job['id']}").json()
        assert job["state"] == "done", job


@pytest.fixture(scope="module")
def live(chromium, model_settings, tmp_path_factory):
    """A server with `TEXTS` in its index, for tests that only look."""
    started = Live(create_app(model_settings(port=0, index=str(tmp_path_factory.mktemp("looked-at") / "i")))).start()
    _filled(started.url)
    yield started
    started.stop()


@pytest.fixture
def fresh(chromium, serving, tmp_path):
    """A server with `TEXTS` in its index, for one test that changes something."""
    started = serving(index=str(tmp_path / "i"))
    _filled(started.url)
    return started


@pytest.fixture
def open_page(chromium):
    """Opens addresses; a script that fails, or a word on the console, fails the test in the end."""
    opened, faults, asked = [], [], []

    def go(url, *, width=1200, scheme="light", reduced="reduce"):
        page = chromium.new_page(viewport={"width": width, "height": 860}, color_scheme=scheme, reduced_motion=reduced)
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: asked.append(request.url))
        page.faults, page.asked = faults, asked
        opened.append(page)
        page.goto(url)
        return page

    yield go
    for page in opened:
        page.close()
    assert not faults
