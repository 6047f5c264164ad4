"""Models by name: loaded once for all who wait, evicted when memory is short, never while they are used."""

import asyncio
import threading

import pytest

from embedrank.core.errors import ModelNotFoundError, ModelUnavailableError, OverloadedError
from embedrank.serving.models.shelf import Shelf
from embedrank.serving.settings import ModelSettings
from tests.serving.fakes import FakeLoader


def shelf(loader, *names, memory_bytes=None, any_model=False, **settings):
    models = {name: ModelSettings(**settings.get(name, {})) for name in names}
    return Shelf({"embedder": models, "reranker": {}}, loader, memory_bytes=memory_bytes, any_model=any_model)


async def use(shelf, name):
    async with shelf.lease("embedder", name) as loaded:
        return loaded.name


def loaded_names(shelf):
    return [entry.name for entry in shelf.entries if entry.loaded is not None]


@pytest.fixture
def loader():
    return FakeLoader()


def test_a_model_is_found_by_name_by_alias_and_as_the_first(loader):
    models = shelf(loader, "a", "b", b={"aliases": ("text-embedding-3-small",)})
    find = lambda name: models.find("embedder", name).name  # noqa: E731
    assert [find(None), find(""), find("a"), find("b"), find("text-embedding-3-small")] == ["a", "a", "a", "b", "b"]


def test_an_unknown_name_is_told_with_those_that_are_served(loader):
    models = shelf(loader, "a", "b")
    with pytest.raises(ModelNotFoundError, match=r"'/etc/passwd': no such embedder is served here \(served: a, b\)"):
        models.find("embedder", "/etc/passwd")
    with pytest.raises(ModelNotFoundError, match="no such reranker"):
        models.find("reranker", "a")


def test_an_unknown_name_means_the_first_where_that_is_wanted(loader):
    models = shelf(loader, "a", "b", any_model=True)
    assert models.find("embedder", "text-embedding-ada-002").name == "a"
    assert models.find("embedder", "b").name == "b"


def test_a_model_is_loaded_when_it_is_asked_for_and_once_for_all_who_wait(loader):
    async def ask():
        models = shelf(loader, "a", "b")
        assert loader.loads == []
        await asyncio.gather(*(use(models, "b") for _ in range(20)))
        return models

    models = asyncio.run(ask())
    assert loader.loads == ["b"] and loaded_names(models) == ["b"]


def test_one_who_goes_while_a_model_is_loaded_does_not_stop_it_for_the_others(loader):
    let_go, arrived = threading.Event(), threading.Event()
    loader.before_load = lambda name: (arrived.set(), let_go.wait(10))

    async def ask():
        models = shelf(loader, "a")
        first, second = asyncio.create_task(use(models, "a")), asyncio.create_task(use(models, "a"))
        await asyncio.to_thread(arrived.wait, 10)
        first.cancel()
        let_go.set()
        return await second

    assert asyncio.run(ask()) == "a"
    assert loader.loads == ["a"]


def test_the_event_loop_goes_on_while_a_model_is_loaded(loader):
    async def ask():
        released = asyncio.Event()
        loop = asyncio.get_running_loop()
        loader.before_load = lambda name: asyncio.run_coroutine_threadsafe(released.wait(), loop).result(10)
        models = shelf(loader, "a")
        waiting = asyncio.create_task(use(models, "a"))
        await asyncio.sleep(0.01)
        released.set()  # would never be reached if loading held the loop
        return await waiting

    assert asyncio.run(ask()) == "a"


def test_what_cannot_be_loaded_is_told_and_tried_again_next_time(loader):
    loader.errors["a"] = OSError("the disk is gone\nand more")

    async def ask():
        models = shelf(loader, "a")
        with pytest.raises(ModelUnavailableError, match="the disk is gone"):
            await use(models, "a")
        loader.errors.clear()
        return await use(models, "a")

    assert asyncio.run(ask()) == "a"


def test_the_least_recently_used_model_makes_room(loader):
    loader.sizes = dict.fromkeys("abc", 10)

    async def ask():
        models = shelf(loader, "a", "b", "c", memory_bytes=20)
        for name in ("a", "b", "a", "c"):
            await use(models, name)
        return models

    models = asyncio.run(ask())
    assert loaded_names(models) == ["a", "c"] and models.num_evictions == 1


def test_a_model_in_use_is_never_evicted_and_whoever_wants_its_place_is_told_to_come_back(loader):
    loader.sizes = dict.fromkeys("ab", 10)

    async def ask():
        models = shelf(loader, "a", "b", memory_bytes=15)
        async with models.lease("embedder", "a"):
            with pytest.raises(OverloadedError) as refused:
                await use(models, "b")
            assert refused.value.retry_after_s > 0
            assert loaded_names(models) == ["a"]
        return await use(models, "b")

    assert asyncio.run(ask()) == "b"


def test_a_model_larger_than_all_memory_is_refused_and_evicts_nobody(loader):
    loader.sizes = {"a": 10, "b": 100}

    async def ask():
        models = shelf(loader, "a", "b", memory_bytes=20)
        await use(models, "a")
        with pytest.raises(ModelUnavailableError, match="memory_bytes is 20"):
            await use(models, "b")
        return loaded_names(models)

    assert asyncio.run(ask()) == ["a"]


def test_a_model_that_is_loaded_anew_answers_until_its_successor_is_there(loader):
    async def ask():
        models = shelf(loader, "a")
        async with models.lease("embedder", "a") as old:
            new = await models.reload(models.find("embedder", "a"))
            assert old is not new and old.users == 1
        async with models.lease("embedder", "a") as now:
            assert now is new
        loader.errors["a"] = OSError("gone")
        with pytest.raises(ModelUnavailableError):
            await models.reload(models.find("embedder", "a"))
        async with models.lease("embedder", "a") as still:
            assert still is new

    asyncio.run(ask())


def test_what_is_to_be_there_from_the_beginning_is_loaded_before_it_is_asked_for(loader):
    models = shelf(loader, "a", "b", b={"preload": False})
    asyncio.run(models.preload())
    assert loader.loads == ["a"]
