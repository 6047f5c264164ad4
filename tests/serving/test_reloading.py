"""Models are loaded anew while requests come: none fails, and one that cannot be loaded goes on."""

import threading

import numpy as np
import pytest

from tests.engine.fakes import PATIENCE_S, FakeEmbedder, expected, until
from tests.serving.fakes import FakeLoader, embed, vectors


class Versions(FakeLoader):
    """Each load of the embedder waits at a gate and gives a model of its own."""

    def __init__(self):
        super().__init__()
        self.may_load, self.begun = threading.Event(), threading.Semaphore(0)
        self.made = []

    def load(self, kind, name, settings):
        if kind == "reranker":
            return super().load(kind, name, settings)
        if self.made:
            self.begun.release()
            assert self.may_load.wait(PATIENCE_S)
        if name in self.errors:
            raise self.errors[name]
        self.made.append(FakeEmbedder(name=name))
        self.made[-1].fingerprint = f"version {len(self.made)}"
        return self.made[-1]


@pytest.fixture
def versions():
    return Versions()


@pytest.fixture
def live(serving, versions):
    started = serving(loader=versions, cache=None)
    yield started
    versions.may_load.set()


def hang_up(live):
    """As SIGHUP does it, for which a server has to run in the main thread."""
    live.loop.call_soon_threadsafe(live.server._reload)


def served(live, text):
    return np.allclose(vectors(embed(live.url, [text]))[0], expected(text), atol=1e-6)


def test_the_old_model_answers_until_the_new_one_is_there(live, versions):
    assert served(live, "before")
    hang_up(live)
    assert versions.begun.acquire(timeout=PATIENCE_S)
    assert served(live, "meanwhile")
    assert versions.made[0].computed == ["before", "meanwhile"]
    versions.may_load.set()
    until(lambda: len(versions.made) == 2)
    until(lambda: served(live, "after") and versions.made[1].computed)
    assert "after" in versions.made[1].computed


def test_a_vector_of_the_old_model_is_not_given_for_the_new_one(live, versions):
    assert served(live, "same") and served(live, "same")
    versions.may_load.set()
    hang_up(live)
    until(lambda: live.service.shelf.num_loads == 4)
    assert served(live, "same")
    assert [model.computed for model in versions.made] == [["same"], ["same"]]


def test_a_request_ends_with_the_model_that_it_began_with(live, versions):
    old = versions.made[0]
    old.gate.shut()
    answers = []
    asking = threading.Thread(target=lambda: answers.append(vectors(embed(live.url, ["held"]))))
    asking.start()
    old.gate.wait_for_arrival()
    versions.may_load.set()
    hang_up(live)
    until(lambda: live.service.shelf.num_loads == 4)
    old.gate.open()
    asking.join(PATIENCE_S)
    assert old.computed == ["held"] and np.allclose(answers[0][0], expected("held"), atol=1e-6)


def test_a_model_that_cannot_be_loaded_goes_on(live, versions):
    versions.errors["pico"] = OSError("the disk is gone")
    versions.may_load.set()
    hang_up(live)
    until(lambda: live.server._reloading is not None and live.server._reloading.done())
    assert served(live, "goes on") and len(versions.made) == 1
    assert live.service.ready().is_well


def test_a_signal_that_comes_while_models_are_loaded_loads_them_once_more(live, versions):
    hang_up(live)
    assert versions.begun.acquire(timeout=PATIENCE_S)
    hang_up(live)
    hang_up(live)
    versions.may_load.set()
    until(lambda: live.server._reloading.done())
    assert len(versions.made) == 3
