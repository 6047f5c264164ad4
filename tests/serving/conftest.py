"""A server over pico models: called in this process, or over a loopback port."""

import httpx
import pytest

import embedrank
from embedrank.engine.config import EngineConfig
from embedrank.serving.app import create_app
from embedrank.serving.settings import AccessSettings, LimitSettings, ModelSettings, ServeSettings
from tests.model.conftest import embedder_folder, reranker_folder  # noqa: F401
from tests.serving.fakes import FakeLoader
from tests.serving.live import Live


@pytest.fixture(scope="session")
def model_settings(embedder_folder, reranker_folder):  # noqa: F811
    """Settings of a server with one pico embedder and one pico reranker; keywords change them."""

    def make(**changes):
        for name, kind in {"limits": LimitSettings, "engine": EngineConfig, "access": AccessSettings}.items():
            if isinstance(changes.get(name), dict):
                changes[name] = kind(**changes[name])
        how = {"dtype": "fp32", "native": "off"}
        return ServeSettings(
            **{
                "embedders": {"pico": ModelSettings(source=str(embedder_folder), aliases=("alias",), **how)},
                "rerankers": {"pico": ModelSettings(source=str(reranker_folder), max_length=400, **how)},
                **changes,
            }
        )

    return make


@pytest.fixture(scope="session")
def pico(model_settings):
    """A running server over pico models, for tests that leave it as it is."""
    live = Live(create_app(model_settings(port=0), version=embedrank.__version__)).start()
    yield live
    live.stop()


@pytest.fixture
def loader():
    """Models that wait where they are told."""
    made = FakeLoader()
    yield made
    made.open_gates()


@pytest.fixture
def serving(model_settings, loader):
    """Starts servers on loopback ports, and stops them in the end."""
    started = []

    def start(*, loader=None, cache=None, **changes):
        live = Live(
            create_app(model_settings(port=0, **changes), loader=loader, cache=cache, version=embedrank.__version__)
        )
        started.append(live)
        return live.start()

    yield start
    loader.open_gates()  # before the engine waits for its batch
    for live in started:
        live.stop()


@pytest.fixture
def call(model_settings):
    """An `httpx.AsyncClient` on an app in this process: `async with call(**changes) as client`."""

    def make(*, loader=None, cache=None, **changes):
        return InProcess(create_app(model_settings(**changes), loader=loader, cache=cache))

    return make


class InProcess:
    """Starts an app, hands out a client of it, and ends it."""

    def __init__(self, app):
        self.app = app

    async def __aenter__(self):
        self._life = self.app.router.lifespan_context(self.app)
        await self._life.__aenter__()
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30)
        self._client.app = self.app
        return self._client

    async def __aexit__(self, *error):
        await self._client.aclose()
        await self._life.__aexit__(*error)
