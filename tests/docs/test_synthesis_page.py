"""The commands and settings on the page about synthesis are taken as they stand there, and its counts are true."""

from __future__ import annotations

import json
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from embedrank.core.settings import build, read_yaml
from embedrank.synthesis.config import DEFAULT_FILTERS
from embedrank.synthesis.data_files import data_file
from embedrank.synthesis.filters import FILTERS
from embedrank.synthesis.generators.registry import GENERATORS
from embedrank.synthesis.passages_config import PassagesConfig
from embedrank.synthesis.personas import load_personas
from embedrank.synthesis.personas_config import PersonasConfig
from embedrank.synthesis.plan_config import PlanConfig
from tests.cli.command_line import fake_wiring, say
from tests.docs.pages import REPOSITORY, blocks, console_commands
from tests.synthesis.misbehaving_server import MisbehavingServer

PAGE = REPOSITORY / "docs" / "synthesis.md"
ENDPOINT = "http://localhost:8000/v1"
PARTS = {"passages": PassagesConfig, "plan": PlanConfig}


def test_settings_are_taken() -> None:
    taken = set()
    for block in blocks(PAGE, "yaml"):
        for name, settings in yaml.safe_load(block).items():
            if name in PARTS:
                build(PARTS[name], settings)
                taken.add(name)
    assert taken == set(PARTS)


def test_counts_are_true() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"library of {len(load_personas(PersonasConfig()))} people" in text
    forms = set(read_yaml(data_file("question_forms.yaml"))) - {"any", "zh-hans"}
    assert f"forms in {len(forms)} languages" in text


def test_the_commands_write_what_they_name(capsys, tmp_path, monkeypatch) -> None:
    text = "Locks lift ships from one level to the next. Weirs hold the water back, so that it is deep enough for them."
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "locks.md").write_text(f"# Locks\n\n{text}\n")
    (tmp_path / "wiki").mkdir()
    (tmp_path / "wiki" / "corpus.jsonl").write_text(json.dumps({"_id": "1", "title": "Locks", "text": text}) + "\n")
    monkeypatch.chdir(tmp_path)
    commands = [shlex.split(line, comments=True) for line in console_commands(PAGE) if "--ray" not in line]
    assert len(commands) == 3
    with MisbehavingServer() as server:
        (settings,) = [block for block in blocks(PAGE, "yaml") if block.startswith("# run.yaml")]
        Path("run.yaml").write_text(settings.replace(ENDPOINT, server.url))
        for words in commands:
            folder = words[words.index("--to") + 1]
            here = [word.replace(ENDPOINT, server.url) for word in words[1:]]
            said = say(capsys, *here, "--json", "--restart", wiring=fake_wiring())
            assert said.code == 0, said.err
            assert json.loads(said.out)["accounts"]["passages"] == 1
            assert (tmp_path / folder / "report.html").is_file()
        assert len(server.asked) >= 4


@pytest.mark.parametrize("name", list(GENERATORS))
def test_the_fields_of_generators_are_those_of_the_code(name) -> None:
    assert fields_told(name) == {each.name for each in fields(GENERATORS[name].config)} - {"model"}


@pytest.mark.parametrize("name", list(FILTERS))
def test_the_settings_of_filters_are_those_of_the_code(name) -> None:
    assert fields_told(name) == {each.name for each in fields(FILTERS[name].config)}


def test_the_chain_that_is_told_is_the_one_that_runs() -> None:
    told = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"the chain is {', '.join(f'`{name}`' for name in DEFAULT_FILTERS)}." in told


def fields_told(name: str) -> set[str]:
    """What the last column says in the row of a table."""
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}` |")]
    return {word.strip(" `") for word in rows[-1].split("|")[3].split(",") if word.strip(" `")}
