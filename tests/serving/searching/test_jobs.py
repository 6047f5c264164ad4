import threading

import pytest

from embedrank.core.errors import OverloadedError, StorageError
from embedrank.core.types import Document
from embedrank.search.index import SearchIndex
from embedrank.serving.searching.jobs import ENDED, Jobs
from embedrank.serving.searching.settings import SearchingSettings
from tests.search.fakes import BagEncoder

PATIENCE_S = 60


class GatedEncoder(BagEncoder):
    """Waits at a gate before it embeds documents."""

    def __init__(self):
        super().__init__()
        self.gate, self.waits = threading.Event(), threading.Event()

    def encode_documents(self, texts, *, dim=None):
        self.waits.set()
        assert self.gate.wait(PATIENCE_S)
        return super().encode_documents(texts, dim=dim)


@pytest.fixture
def index(tmp_path):
    encoder = GatedEncoder()
    encoder.gate.set()
    opened = SearchIndex.open(tmp_path / "i", embedder=encoder)
    opened.encoder = encoder
    return opened


def _documents(number, prefix="d"):
    return [Document(id=f"{prefix}{place}", text=f"text {place}") for place in range(number)]


def _wait(job):
    for _ in range(PATIENCE_S * 100):
        if job.state in ENDED:
            return job
        threading.Event().wait(0.01)
    raise AssertionError(f"the job is still {job.state}")


def test_jobs_run_one_after_the_other_in_their_order(index):
    jobs = Jobs(index, SearchingSettings())
    first = jobs.add(lambda: iter(_documents(3)), num_files=3)
    second = jobs.remove(["d0", "d1"])
    assert (_wait(second).removed, _wait(first).added) == (2, 3)
    assert [job.id for job in jobs.all()] == [second.id, first.id]
    assert list(index.catalogue.documents()) == ["d2"]
    jobs.close()


def test_a_full_queue_refuses_and_the_jobs_in_it_are_done(index):
    jobs = Jobs(index, SearchingSettings(max_jobs=2))
    index.encoder.gate.clear()
    held = [jobs.add(lambda n=n: iter(_documents(1, f"j{n}")), num_files=1) for n in range(2)]
    with pytest.raises(OverloadedError):
        jobs.add(lambda: iter(_documents(1)), num_files=1)
    index.encoder.gate.set()
    assert [_wait(job).state for job in held] == ["done", "done"]
    jobs.close()


def test_a_job_that_fails_says_why_and_the_next_one_runs(index):
    def broken():
        raise StorageError("/x", "the disk is full")
        yield

    def strange():
        raise RuntimeError("secret of the house")
        yield

    jobs = Jobs(index, SearchingSettings())
    failed, odd = jobs.add(broken, num_files=1), jobs.add(strange, num_files=1)
    fine = jobs.add(lambda: iter(_documents(1)), num_files=1)
    assert (_wait(failed).state, failed.error) == ("failed", "/x: the disk is full")
    assert _wait(odd).state == "failed" and "secret" not in odd.error
    assert _wait(fine).state == "done"
    jobs.close()


def test_closing_stops_the_job_in_hand_after_its_batch_and_keeps_what_it_wrote(index):
    jobs = Jobs(index, SearchingSettings())
    index.encoder.gate.clear()
    running = jobs.add(lambda: iter(_documents(200)), num_files=200)
    waiting = jobs.add(lambda: iter(_documents(1, "late")), num_files=1)
    assert index.encoder.waits.wait(PATIENCE_S)
    closing = threading.Thread(target=jobs.close)
    closing.start()
    while not jobs._is_closing:
        threading.Event().wait(0.001)
    index.encoder.gate.set()
    closing.join(PATIENCE_S)
    assert (running.state, waiting.state) == ("stopped", "stopped")
    assert 0 < len(index.catalogue.documents()) < 200


def test_ended_jobs_are_forgotten_oldest_first(index):
    jobs = Jobs(index, SearchingSettings(max_jobs_kept=2))
    done = [_wait(jobs.remove(["none"])) for _ in range(4)]
    jobs.remove(["none"])
    assert jobs.get(done[0].id) is None
    assert jobs.get(done[-1].id) is done[-1]
    jobs.close()
