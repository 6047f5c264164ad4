import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from embedrank.core.errors import GeneratorStoppedError, ResumeError, StorageError
from embedrank.core.generation import Completion, Failure
from embedrank.synthesis.generators.budget import BudgetConfig
from tests.synthesis.generators.asking import HASTY, opened
from tests.synthesis.misbehaving_server import FAULTS, MisbehavingServer
from tests.synthesis.simple_run import (
    Echo,
    NoRepeats,
    assert_accounted_for,
    output_of,
    passages,
    read,
    run,
    simple_task,
)

TROUBLES = {"limited": 0.05, "limited_seconds": 0.02, "error": 0.05, "reset": 0.03, "garbage": 0.03}


class Halting(Echo):
    """Answers so many requests, and then no more for now."""

    def __init__(self, most):
        super().__init__()
        self.most = most

    def generate(self, requests):
        room = max(self.most - len(self.asked), 0)
        return super().generate(requests[:room]) + [
            Failure(reason="budget", detail="all of it", is_final=False) for _ in requests[room:]
        ]


def test_rows_and_losses_add_up_to_what_was_wished_for(tmp_path):
    report = run(tmp_path / "out", count=60)
    assert_accounted_for(tmp_path / "out", report, 60)
    assert report.stopped is None and report.num_resumed == 0
    assert report.totals.dropped["plan"] == {"unlucky": 1}
    assert report.totals.dropped["repeats"]["repeated"] > 5


def test_lines_say_what_rows_are_and_where_they_come_from(tmp_path):
    run(tmp_path / "out", count=3)
    (row, *_), (made, *_) = read(tmp_path / "out" / "rows.jsonl"), read(tmp_path / "out" / "made.jsonl")
    positive = next(passages(1)).text
    assert row == {"task": "retrieval", "query": made["facts"]["query"], "positives": [positive], "source": "rivers"}
    assert made == {
        "key": "p0#0",
        "passage": "p0",
        "wish": {"kind": "retrieval", "length": [2, 9], "lang": "en"},
        "facts": {"asker": "someone", "query": row["query"]},
        "generator": "echo",
        "figures": {"repeats_words": 2.0},
    }


def test_what_was_dropped_is_written_with_reason_and_row(tmp_path):
    run(tmp_path / "out", count=60)
    dropped = read(tmp_path / "out" / "dropped.jsonl")
    unlucky = next(line for line in dropped if line["stage"] == "plan")
    assert (unlucky["key"], unlucky["reason"]) == ("p14#0", "unlucky") and "row" not in unlucky
    repeated = next(line for line in dropped if line["stage"] == "repeats")
    kept = {row["query"] for row in read(tmp_path / "out" / "rows.jsonl")}
    assert repeated["row"]["query"] in kept


@pytest.mark.parametrize("num_blocks", [1, 2, 5])
def test_blocks_at_a_time_change_nothing(tmp_path, num_blocks):
    run(tmp_path / "one", num_blocks=1)
    run(tmp_path / "more", num_blocks=num_blocks)
    assert output_of(tmp_path / "one") == output_of(tmp_path / "more")


def test_two_blocks_are_in_flight_at_a_time(tmp_path):
    both = threading.Barrier(2, timeout=20)

    class Meeting(Echo):
        def generate(self, requests):
            if len(self.asked) < 4:
                both.wait()  # breaks where the second block waits for the first
            return super().generate(requests)

    report = run(tmp_path / "out", Meeting(), count=2, size=1)
    assert report.totals.passages == 2


def test_a_generator_that_stops_leaves_whole_blocks_and_the_rest_for_later(tmp_path):
    run(tmp_path / "whole", count=60)
    told = []
    report = run(tmp_path / "out", Halting(60), count=60, tell=told.append)
    assert isinstance(report.stopped, GeneratorStoppedError) and report.stopped.reason == "budget"
    assert report.totals.passages in (16, 24) and report.totals.passages % 8 == 0
    assert_accounted_for(tmp_path / "out", report, report.totals.passages)
    assert told[-1] == report.totals
    rest = run(tmp_path / "out", count=60)
    assert rest.num_resumed == report.totals.passages
    assert_accounted_for(tmp_path / "out", rest, 60)
    assert output_of(tmp_path / "out") == output_of(tmp_path / "whole")


def test_a_final_failure_drops_its_draft_alone(tmp_path):
    class Refusing(Echo):
        def generate(self, requests):
            answers = super().generate(requests)
            no = Failure(reason="refused by the model", detail="no")
            return [
                no if request.key == "p2#0/query" else answer for request, answer in zip(requests, answers, strict=True)
            ]

    report = run(tmp_path / "out", Refusing(), count=10)
    (dropped,) = [line for line in read(tmp_path / "out" / "dropped.jsonl") if line["stage"] == "query"]
    assert dropped["key"] == "p2#0" and dropped["detail"] == "no"
    assert report.totals.answers["failed"] == 1
    assert_accounted_for(tmp_path / "out", report, 10)


def test_a_filter_whose_generator_stops_stops_the_run_between_blocks(tmp_path):
    class Judge(NoRepeats):
        def judge(self, drafts):
            if len(self.seen) > 10:
                raise GeneratorStoppedError("judge", reason="budget")
            return super().judge(drafts)

    report = run(tmp_path / "out", filters=[Judge()])
    assert report.stopped.generator == "judge" and 0 < report.totals.passages < 60
    assert_accounted_for(tmp_path / "out", report, report.totals.passages)


def test_a_finished_run_asks_nothing_again(tmp_path):
    run(tmp_path / "out")
    before = output_of(tmp_path / "out")
    generator = Echo()
    report = run(tmp_path / "out", generator)
    assert generator.asked == [] and report.num_resumed == 60
    assert output_of(tmp_path / "out") == before


def test_a_limited_run_goes_on_with_more(tmp_path):
    run(tmp_path / "whole", count=60)
    first = run(tmp_path / "out", limit=24)
    assert first.totals.passages == 24
    report = run(tmp_path / "out")
    assert_accounted_for(tmp_path / "out", report, 60)
    assert output_of(tmp_path / "out") == output_of(tmp_path / "whole")


def test_other_settings_are_refused_until_told_to_restart(tmp_path):
    run(tmp_path / "out", limit=8)
    with pytest.raises(ResumeError, match=r"seed was 0, is 1; plan\.lang was not given, is de.*--restart"):
        run(tmp_path / "out", seed=1, **{"plan.lang": "de"})
    report = run(tmp_path / "out", seed=1, restart=True)
    assert_accounted_for(tmp_path / "out", report, 60)


def test_two_runs_in_one_folder_are_refused(tmp_path):
    def tell(totals):
        if totals.passages == 16:
            with pytest.raises(StorageError, match="another run is writing it"):
                run(tmp_path / "out")
            tell.met = True

    tell.met = False
    report = run(tmp_path / "out", tell=tell)
    assert tell.met
    assert_accounted_for(tmp_path / "out", report, 60)


@pytest.mark.parametrize("restart", [False, True])
def test_rows_of_something_else_are_not_overwritten(tmp_path, restart):
    (tmp_path / "rows.jsonl").write_text("mine")
    with pytest.raises(StorageError, match=r"holds rows\.jsonl and no ledger"):
        run(tmp_path, restart=restart)
    assert (tmp_path / "rows.jsonl").read_text() == "mine"


@pytest.mark.parametrize("name", ["rows.jsonl", "made.jsonl", "dropped.jsonl"])
def test_lost_output_is_told(tmp_path, name):
    run(tmp_path, limit=24)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-1])
    with pytest.raises(StorageError, match=rf"{name}: is shorter than the ledger says"):
        run(tmp_path)


def test_a_damaged_ledger_is_told(tmp_path):
    run(tmp_path, limit=24)
    lines = (tmp_path / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "ledger.jsonl").write_bytes(lines[0] + b"nonsense\n" + lines[2])
    with pytest.raises(StorageError, match=r"ledger\.jsonl: is damaged at byte"):
        run(tmp_path)


def test_passages_that_changed_under_the_run_are_told(tmp_path):
    from dataclasses import replace

    run(tmp_path, limit=24)
    changed = replace(simple_task(), passages=lambda: (p for p in passages(60) if p.id != "p4"))
    with pytest.raises(StorageError, match="holds a row for p4#0, which the passages do not give any more"):
        run(tmp_path, task=changed)


def test_a_full_disk_keeps_what_was_written(tmp_path):
    class Full:
        def __init__(self, file):
            self.file = file

        def writelines(self, lines):
            raise OSError(28, "No space left on device")

        def __getattr__(self, name):
            return getattr(self.file, name)

    run(tmp_path / "whole")
    from embedrank.synthesis import output_folder

    opened_files = output_folder.OutputFolder._rewind

    def rewind(folder):
        opened_files(folder)
        folder._files["dropped.jsonl"] = Full(folder._files["dropped.jsonl"])

    run(tmp_path / "out", limit=16)
    output_folder.OutputFolder._rewind = rewind
    try:
        with pytest.raises(StorageError, match="cannot write: No space left on device"):
            run(tmp_path / "out")
    finally:
        output_folder.OutputFolder._rewind = opened_files
    report = run(tmp_path / "out")
    assert report.num_resumed == 16
    assert output_of(tmp_path / "out") == output_of(tmp_path / "whole")


def killed_at(step, folder):
    """Run in a child that is killed with SIGKILL at its n-th durable step; False where it ended before that."""
    child = os.fork()
    if child == 0:
        done = 0
        sync = os.fsync

        def counted(file):
            nonlocal done
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            sync(file)

        os.fsync = counted
        try:
            run(folder, count=20, num_blocks=1)
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0, "the run failed by itself"
    return os.WIFSIGNALED(status)


def test_a_kill_at_any_step_changes_no_byte_of_the_output(tmp_path):
    run(tmp_path / "whole", count=20)
    step = 1
    while killed_at(step, tmp_path / f"out{step}"):
        out = tmp_path / f"out{step}"
        report = run(out, count=20)
        assert_accounted_for(out, report, 20)
        assert output_of(out) == output_of(tmp_path / "whole"), f"killed at step {step}"
        step += 1
    assert step == 1 + 1 + 3 * 4  # the ledger's beginning, and four files a block


KILLED = """
import sys
from pathlib import Path
from embedrank.synthesis.generators.budget import BudgetConfig
from tests.synthesis.generators.asking import HASTY, opened
from tests.synthesis.simple_run import run
class At: url = sys.argv[1]
folder = Path(sys.argv[2])
folder.mkdir(exist_ok=True)
with opened(At, folder, concurrency=4) as generator:
    run(folder, generator, count=150)
"""


def test_three_kills_against_a_misbehaving_server_change_no_byte(tmp_path, repository):
    faults = dict.fromkeys(FAULTS, 0.02) | {"duplicate": 0.1}
    with MisbehavingServer(troubles=TROUBLES, faults=faults, retry_after_s=0.01, delay_s=0.002) as server:
        (tmp_path / "whole").mkdir()
        with opened(server, tmp_path / "whole") as generator:
            run(tmp_path / "whole", generator, count=150)
        out = tmp_path / "out"
        for _ in range(3):
            killed_after(80, server, [sys.executable, "-c", KILLED, server.url, out], repository)
        reached = blocks_written(out)
        assert 0 < reached < 150 // 8
        with opened(server, out) as generator:
            report = run(out, generator, count=150)
        assert_accounted_for(out, report, 150)
        assert report.num_resumed == 8 * reached
        assert output_of(out) == output_of(tmp_path / "whole")
        stages = report.totals.dropped
        assert {"refused by the model", "content filter", "answer cut off", "empty answer", "unusable"} <= {
            reason for reasons in stages.values() for reason in reasons
        }
        before = len(server.asked)
        with opened(server, out) as generator:  # the answers are there, so that doing all again costs nothing
            again = run(out, generator, count=150, restart=True)
        assert len(server.asked) == before
        assert output_of(out) == output_of(tmp_path / "whole")
        assert again.totals.answers["cached"] == again.totals.answers["answered"] > 150


def killed_after(count, server, command, repository):
    """Run a command that is killed with SIGKILL when it has sent so many requests to the server."""
    child, last = subprocess.Popen(command, cwd=repository, stderr=subprocess.DEVNULL), len(server.asked) + count
    server.behaviour.met = lambda number: number == last and os.kill(child.pid, signal.SIGKILL)
    assert child.wait(120) == -signal.SIGKILL
    server.behaviour.met = None


def blocks_written(folder):
    return (folder / "ledger.jsonl").read_bytes().count(b"\n") - 1


def test_a_budget_stops_a_run_and_a_larger_one_ends_it(tmp_path):
    with MisbehavingServer(troubles=TROUBLES, retry_after_s=0.01) as server:
        (tmp_path / "whole").mkdir()
        with opened(server, tmp_path / "whole") as generator:
            run(tmp_path / "whole", generator)
        before = len(server.asked)
        folder = tmp_path / "out"
        folder.mkdir()
        with opened(server, folder, budget=BudgetConfig(requests=80)) as generator:
            report = run(folder, generator)
        assert report.stopped.reason == "budget" and "80 requests spent" in report.stopped.detail
        assert len(server.asked) - before == 80
        assert 0 < report.totals.passages < 60
        with opened(server, folder, budget=BudgetConfig(requests=2000)) as generator:
            rest = run(folder, generator)
        assert rest.stopped is None and rest.num_resumed == report.totals.passages
        assert output_of(folder) == output_of(tmp_path / "whole")


def test_an_endpoint_that_goes_down_for_good_drops_nothing(tmp_path):
    with MisbehavingServer() as server, opened(server, tmp_path, retry=HASTY) as generator:

        def tell(totals):
            if totals.passages >= 16:
                server.behaviour.status = 500

        report = run(tmp_path, generator, tell=tell)
    assert report.stopped.reason == "server error"
    assert 16 <= report.totals.passages < 60
    assert all(line["reason"] != "server error" for line in read(tmp_path / "dropped.jsonl"))


def test_broken_text_is_written_so_that_it_can_be_read(tmp_path):
    class Broken(Echo):
        def generate(self, requests):
            return [Completion(text='{"asker": "a", "query": "half \\ud83d of a pair"}') for _ in requests]

    run(tmp_path / "out", Broken(), count=1)
    (row,) = [json.loads(line) for line in (tmp_path / "out" / "rows.jsonl").read_bytes().splitlines()]
    assert row["query"] == "half \ud83d of a pair"
