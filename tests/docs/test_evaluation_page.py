"""The page on evaluation names what there is, and its commands run."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from embedrank.evaluation.folder_contents import ALL_TASKS
from embedrank.evaluation.tasks.registry import TASKS
from tests.cli.command_line import say
from tests.docs.pages import REPOSITORY, console_commands, section
from tests.evaluation.beir_folder import write_beir
from tests.evaluation.pair_folder import GRADED, write_rows

PAGE = REPOSITORY / "docs" / "evaluation.md"


def test_every_task_is_in_the_table_with_its_main_metric_first():
    rows = re.findall(r"^\|[^|]*\| `(\w+)` \| `(\w+)`", section(PAGE, "Tasks"), re.MULTILINE)
    assert {task for task, _ in rows} == set(ALL_TASKS)
    assert {task: metric for task, metric in rows if task in TASKS} == {
        name: task.main_metric for name, task in TASKS.items()
    }


@pytest.mark.parametrize("command", console_commands(PAGE))
def test_the_commands_of_the_page_run(capsys, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    write_rows(tmp_path / "sets" / "stsb", "test", GRADED)
    write_beir(tmp_path / "sets" / "search")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"query": "a", "positives": ["b"]}) + "\n")
    (tmp_path / "results").mkdir()
    said = say(capsys, *shlex.split(command)[1:])
    assert said.code == 0, said.err
    assert "dense" in said.out or "rerank" in said.out
