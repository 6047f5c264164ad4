"""The report of a synthesis run in a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from embedrank.cli.render_synthesis import print_synthesis
from embedrank.synthesis.report.writing import read_report
from tests.synthesis.report.folder import TOLD, write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("out"))


def shown(folder, told=TOLD, width=120):
    console = Console(width=width, record=True, file=io.StringIO())
    print_synthesis(console, read_report(folder, told))
    return console.export_text().splitlines()


def test_the_sum_stands_first_and_says_so_where_it_is_wrong(folder) -> None:
    assert shown(folder)[0].rstrip() == "60 rows from 40 passages: 100 wished = 60 kept + 40 dropped"
    assert shown(folder, replace(TOLD, drafts=101))[0].startswith("does not add up")


def test_each_stage_has_what_is_left_and_why_rows_went(folder) -> None:
    lines = shown(folder)
    language = next(line for line in lines if line.startswith("language"))
    assert language.split()[-5:] == ["60", "20", "wrong", "language", "20"]
    assert "█" in language


def test_shares_stand_beside_what_was_asked(folder) -> None:
    lines = shown(folder)
    keywords = next(line for line in lines if line.startswith("keywords"))
    assert keywords.split()[-1] == "50.0%"
    assert not any(line.startswith("difficulty") for line in lines)


def test_markup_in_texts_is_not_taken_for_markup(folder) -> None:
    told = replace(TOLD, generator="[red]model[/red]", stopped="budget [bold]")
    lines = shown(folder, told)
    assert lines[1].startswith(
        "[red]model[/red]: 90.0 s, 0.667 rows/s, 200 requests (20 cached), 12,000 tokens, 0.5 USD"
    )
    assert lines[2].rstrip() == "stopped before the end: budget [bold]"


@pytest.mark.parametrize("width", [60, 80, 200])
def test_nothing_is_wider_than_the_terminal(folder, width) -> None:
    assert all(len(line) <= width for line in shown(folder, width=width))
