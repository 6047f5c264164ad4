"""The report says what the files say, to the unit, and its page holds nothing but what it shows."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from embedrank.core.errors import DatasetError
from embedrank.synthesis.report import write_report
from tests.synthesis.report.folder import EVIL, TOLD, write_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = write_folder(tmp_path_factory.mktemp("out"))
    write_report(folder, TOLD)
    return folder


@pytest.fixture(scope="module")
def report(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text(encoding="utf-8")


class Elements(HTMLParser):
    """Names of all elements and attributes, and all text outside of the style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in ("meta", "path", "rect", "stop"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data


def test_what_goes_in_is_what_is_kept_and_what_is_dropped(report) -> None:
    accounts = report["accounts"]
    assert (accounts["drafts"], accounts["kept"], accounts["dropped"], accounts["adds_up"]) == (100, 60, 40, True)
    left = accounts["drafts"]
    for stage in report["funnel"]:
        assert stage["entered"] == left
        assert (
            stage["dropped"] == sum(reason["count"] for reason in stage["reasons"]) == stage["entered"] - stage["left"]
        )
        left = stage["left"]
    assert left == accounts["kept"]


def test_the_funnel_has_the_order_of_the_stages_and_knows_the_filters(report) -> None:
    assert [(stage["stage"], stage["is_filter"], stage["dropped"]) for stage in report["funnel"]] == [
        ("configure", False, 10),
        ("generate", False, 10),
        ("schema", True, 0),
        ("language", True, 20),
        ("round_trip", True, 0),
    ]


def test_a_stage_that_nobody_announced_is_shown_first(folder) -> None:
    from embedrank.synthesis.report.writing import read_report

    funnel = read_report(folder, replace(TOLD, stages=TOLD.stages[1:]))["funnel"]
    assert (funnel[0]["stage"], funnel[0]["entered"], funnel[-1]["left"]) == ("configure", 100, 60)


def test_lost_rows_are_told_loudly(tmp_path) -> None:
    write_report(write_folder(tmp_path), replace(TOLD, drafts=101))
    assert json.loads((tmp_path / "report.json").read_text())["accounts"]["adds_up"] is False
    assert "do not add up" in (tmp_path / "report.html").read_text()


def test_the_page_shows_texts_and_runs_none_of_them(page) -> None:
    elements = Elements(page)
    assert not elements.open
    assert {"script", "img", "b>bold", "iframe", "link"} & set(elements.names) == set()
    assert EVIL in elements.text and "model <b>bold</b>" in elements.text
    assert "<script" not in page and "<img" not in page and "<b>bold" not in page
    assert not [name for _, name, _ in elements.attributes if name.startswith("on")]


def test_the_page_needs_nothing_from_outside(page) -> None:
    elements = Elements(page)
    assert not [name for _, name, _ in elements.attributes if name in ("src", "href", "srcset", "action", "data")]
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None and "@import" not in style[1]
    assert re.findall(r"url\(([^)]*)\)", page) == ["#drain"]
    assert ("meta", "content", "default-src 'none'; style-src 'unsafe-inline'") in elements.attributes


def test_pictures_are_sound_and_light_and_dark_are_both_there(page) -> None:
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) >= 1 + len(TOLD.stages) + 2
    for picture in pictures:
        ElementTree.fromstring(picture)
    assert "prefers-color-scheme: dark" in page and 'name="viewport"' in page


def test_examples_are_of_every_cell_and_of_every_reason(report) -> None:
    cells = {(cell["kind"], cell["query_type"], cell["lang"]): cell for cell in report["examples"]["cells"]}
    assert sum(cell["count"] for cell in cells.values()) == 60
    assert all(1 <= len(cell["examples"]) <= 2 for cell in cells.values())
    assert report["examples"]["num_cells"] == len(cells)
    assert ("retrieval", "keywords", "de") in cells and ("sts", "-", "en") in cells
    assert {(loss["stage"], loss["count"], len(loss["examples"])) for loss in report["losses"]} == {
        ("configure", 10, 3),
        ("generate", 10, 3),
        ("language", 20, 3),
    }


def test_the_report_is_the_same_each_time(folder, tmp_path, report) -> None:
    write_report(write_folder(tmp_path), TOLD)
    for name in ("report.json", "report.html"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_run_that_kept_nothing_has_a_report_too(tmp_path) -> None:
    for name in ("rows", "made", "dropped"):
        (tmp_path / f"{name}.jsonl").write_text("")
    write_report(tmp_path, replace(TOLD, passages=0, drafts=0, seconds=0.0))
    assert "0 training rows" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("change", ["missing", "short", "long", "damaged"])
def test_files_that_do_not_belong_together_are_refused(tmp_path, change) -> None:
    made = write_folder(tmp_path) / "made.jsonl"
    text = made.read_text(encoding="utf-8")
    if change == "missing":
        made.unlink()
    else:
        first = text.splitlines(keepends=True)[0]
        made.write_text(
            {"short": text[len(first) :], "long": first + text, "damaged": "{" + text}[change], encoding="utf-8"
        )
    with pytest.raises(DatasetError, match=r"made\.jsonl"):
        write_report(tmp_path, TOLD)


def test_the_reason_for_an_early_end_is_shown(tmp_path) -> None:
    write_report(write_folder(tmp_path), replace(TOLD, stopped="budget: 5 USD <spent>"))
    assert "stopped before its end: budget: 5 USD &lt;spent&gt;" in (tmp_path / "report.html").read_text()
