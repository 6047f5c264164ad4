import os
import subprocess
import sys

import pytest

from embedrank.core.errors import MissingPackageError
from embedrank.synthesis import ray_pool
from tests.synthesis.misbehaving_server import MisbehavingServer
from tests.synthesis.simple_run import output_of, run

RUN = """
import sys
from functools import partial
from pathlib import Path
from embedrank.synthesis.generators.budget import BudgetConfig
from embedrank.synthesis.generators.openai import OpenAIGenerator
from embedrank.synthesis.ray_pool import RayBlocks
from embedrank.synthesis.pipeline import run_synthesis
from tests.synthesis.generators.asking import settings
from tests.synthesis.simple_run import TwoSteps, simple_task, assert_accounted_for
class At: url = sys.argv[1]
folder = Path(sys.argv[2])
folder.mkdir()
def load(config, meter):
    return TwoSteps(), OpenAIGenerator(config, meter, key="secret")
def once(requests):
    pool = RayBlocks(address="local", num_actors=2, num_cores=2)
    meter = pool.open_meter(folder / "requests.sqlite", "run", BudgetConfig(requests=requests))
    pool.compute_with(partial(load, settings(At, concurrency=4)))
    try:
        return run_synthesis(simple_task(), pool, folder, tell=lambda totals: None), meter.usage
    finally:
        pool.close()
report, usage = once(70)
assert report.stopped.reason == "budget", report
assert usage.requests <= 70 and report.totals.passages < 60, (usage, report.totals.passages)
report, usage = once(10_000)
assert report.stopped is None
assert_accounted_for(folder, report, 60)
print(usage.requests)
"""


def test_a_missing_ray_is_told_with_the_extra(monkeypatch):
    monkeypatch.setattr("embedrank.core.packages.is_installed", lambda package: False)
    with pytest.raises(MissingPackageError, match=r'--ray needs ray.*pip install "embedrank\[ray\]"'):
        ray_pool.RayBlocks(address="local", num_actors=1, num_cores=1)


@pytest.mark.slow
def test_ray_gives_the_rows_of_one_process_within_one_budget(tmp_path, repository):
    pytest.importorskip("ray")
    from tests.synthesis.generators.asking import opened

    with MisbehavingServer(faults={"duplicate": 0.1, "wrong_keys": 0.1}) as server:
        (tmp_path / "one").mkdir()
        with opened(server, tmp_path / "one") as generator:
            run(tmp_path / "one", generator)
        asked_alone = len(server.asked)
        environment = {**os.environ, "PYTHONPATH": str(repository)}
        command = [sys.executable, "-c", RUN, server.url, tmp_path / "ray"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        assert len(server.asked) == 2 * asked_alone  # the second beginning asked nothing again
    assert int(done.stdout.splitlines()[-1]) == asked_alone
    one, other = output_of(tmp_path / "one"), output_of(tmp_path / "ray")
    assert one["rows.jsonl"] == other["rows.jsonl"] and one["made.jsonl"] == other["made.jsonl"]
