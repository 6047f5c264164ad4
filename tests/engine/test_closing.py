"""The end of an engine: closing with and without draining, a stuck model, a fork, a program that forgets to close."""

import os
import subprocess
import sys
import textwrap
import threading

import pytest

from embedrank.core.errors import EngineClosedError
from embedrank.engine.embedder import BatchedEmbedder
from embedrank.engine.engine import Engine
from tests.engine.fakes import PATIENCE_S, hold_the_model, until, waiting

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


def test_closing_answers_what_is_in_flight_and_refuses_what_comes_after(engine, embedder, model):
    held = hold_the_model(embedder, model)
    futures = [embedder.submit_documents([f"t{number}"]) for number in range(20)]
    closer = threading.Thread(target=engine.close)
    closer.start()
    until(lambda: refused(embedder))
    assert not held.done()
    model.gate.open()
    closer.join(PATIENCE_S)
    assert all(future.done() and len(future.result().vectors) == 1 for future in [held, *futures])
    engine.close()


def refused(embedder):
    try:
        embedder.submit_documents(["after"]).cancel()
    except EngineClosedError:
        return True
    return False


def test_closing_without_draining_fails_what_waits(engine, embedder, model):
    held = hold_the_model(embedder, model)
    queued = embedder.submit_documents(["queued"])
    waiting(engine, 1)
    closer = threading.Thread(target=lambda: engine.close(drain=False))
    closer.start()
    for future in (held, queued):
        with pytest.raises(EngineClosedError):
            future.result(PATIENCE_S)
    model.gate.open()
    closer.join(PATIENCE_S)
    assert not closer.is_alive() and model.computed == ["held"]


def test_closing_does_not_wait_for_a_stuck_model_longer_than_told(engine, embedder, model):
    held = hold_the_model(embedder, model)
    engine.close(timeout_s=0.01)
    assert isinstance(held.exception(0), EngineClosedError)
    model.gate.open()


def test_every_request_is_answered_when_closing_comes_between(model):
    for _ in range(20):
        engine = Engine()
        embedder = BatchedEmbedder(model, engine)
        futures, start = [], threading.Barrier(5)

        def ask(embedder=embedder, futures=futures, start=start):
            start.wait(PATIENCE_S)
            while True:
                try:
                    futures.append(embedder.submit_documents([f"text {len(futures)}"]))
                except EngineClosedError:
                    return

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        start.wait(PATIENCE_S)
        engine.close(drain=False)
        for thread in threads:
            thread.join(PATIENCE_S)
        assert all(future.done() for future in futures)
        assert all(isinstance(future.exception(), EngineClosedError | None) for future in futures)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_is_refused_and_does_not_hang(repository):
    program = """
        import os, sys
        from embedrank.core.errors import EngineFailedError
        from embedrank.engine.embedder import BatchedEmbedder
        from embedrank.engine.engine import Engine
        from tests.engine.fakes import FakeEmbedder

        engine = Engine()
        embedder = BatchedEmbedder(FakeEmbedder(), engine)
        embedder.encode_documents(["parent"])
        child = os.fork()
        if child == 0:
            try:
                embedder.encode_documents(["child"])
            except EngineFailedError as error:
                os._exit(0 if "forked" in str(error) else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        embedder.encode_documents(["parent again"])
        print("well")
    """
    assert run(program, repository) == "well\n"


def test_a_program_that_forgets_to_close_ends(repository):
    program = """
        from embedrank.engine.embedder import BatchedEmbedder
        from embedrank.engine.engine import Engine
        from tests.engine.fakes import FakeEmbedder

        model = FakeEmbedder()
        embedder = BatchedEmbedder(model, Engine())
        embedder.encode_documents(["text"])
        print("well")
    """
    assert run(program, repository) == "well\n"


def run(program, folder):
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", textwrap.dedent(program)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
