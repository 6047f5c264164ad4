"""The commands and the settings of the page on hard negatives run as they stand there."""

from __future__ import annotations

import json
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from embedrank.training.negatives.config import MiningConfig
from tests.cli.command_line import say
from tests.docs.pages import REPOSITORY, blocks, console_commands

PAGE = REPOSITORY / "docs" / "mining.md"
NAMES = ("bear", "whale", "fox", "owl", "newt", "moth", "seal")


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the page names, in the working folder."""
    folder = tmp_path / "beir-folder"
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": name, "text": f"{name} lives here"} for name in NAMES]
    rows = [{"task": "retrieval", "query": f"a {name}", "positives": [f"{name} lives here"]} for name in NAMES]
    queries = [{"_id": name, "text": f"a {name}"} for name in NAMES]
    for path, lines in (
        (tmp_path / "rows.jsonl", rows),
        (tmp_path / "corpus.jsonl", documents),
        (folder / "corpus.jsonl", documents),
        (folder / "queries.jsonl", queries),
    ):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "qrels" / "train.tsv").write_text("".join(f"{name}\t{name}\t1\n" for name in NAMES))
    (block,) = blocks(PAGE, "yaml")
    (tmp_path / "mine.yaml").write_text(block)
    monkeypatch.chdir(tmp_path)


def test_the_commands_write_what_they_name(capsys, inputs) -> None:
    commands = [shlex.split(line) for line in console_commands(PAGE)]
    assert len(commands) == 3
    for words in commands:
        said = say(capsys, *words[1:], "--json")
        assert said.code == 0, said.err
        report = json.loads(said.out)
        assert report["num_rows"] == 7 and report["num_negatives_mined"] > 0
        assert Path(words[words.index("--to") + 1]).is_file()
    assert (report["settings"]["num_negatives"], report["settings"]["max_score"]) == (5, None)


def test_the_defaults_in_the_table_are_those_of_the_code() -> None:
    rows = [line.split("|")[2:4] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    told = {name.strip(" `"): value.strip() for name, value in rows if name.strip().startswith("`")}
    defaults = {each.name: each.default for each in fields(MiningConfig)}
    assert told == {name: "off" if defaults[name] is None else str(defaults[name]) for name in told}
    assert len(told) == 5
