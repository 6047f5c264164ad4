"""The page of the server names every setting, every error and every metric there is, and its YAML can be read."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from embedrank.core.settings import build
from embedrank.serving.app import create_app
from embedrank.serving.errors import STATUS
from embedrank.serving.searching.settings import SearchingSettings
from embedrank.serving.settings import AccessSettings, KeySettings, LimitSettings, ModelSettings, ServeSettings
from tests.docs.pages import REPOSITORY, blocks, section

PAGE = REPOSITORY / "docs" / "serving.md"


def test_the_settings_can_be_used() -> None:
    (content,) = blocks(PAGE, "yaml")
    settings = yaml.safe_load(content)
    settings["rerankers"] = {name: value or {} for name, value in settings["rerankers"].items()}
    assert build(ServeSettings, settings).embedders["docs"].max_length == 4096


SCHEMAS = (ServeSettings, ModelSettings, LimitSettings, AccessSettings, KeySettings, SearchingSettings)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_setting_is_told(schema: type) -> None:
    told = set(re.findall(r"`([\w.]+)`", section(PAGE, "Settings"))) | {"log", "engine", "limits", "access"}
    assert {field.name for field in fields(schema)} <= told


def test_every_error_is_told_with_its_status() -> None:
    rows = re.findall(r"^\| ([\d or]+) \| (.+?) \|", section(PAGE, "Errors"), re.MULTILINE)
    told = {
        (int(status), kind)
        for statuses, kinds in rows
        for status in re.findall(r"\d+", statuses)
        for kind in re.findall(r"`(\w+)`", kinds)
    }
    assert set(STATUS.values()) <= told


def test_every_metric_is_told_and_every_told_metric_is_there(bundled_models: Path) -> None:
    import asyncio

    app = create_app(ServeSettings(embedders={"nano": ModelSettings(preload=False)}))

    async def exposed() -> str:
        async with app.router.lifespan_context(app):
            return str(app.state.metrics.exposition()[0].decode())

    text = asyncio.run(exposed())
    there = {
        name for name in re.findall(r"^# TYPE (embedrank_\w+) ", text, re.MULTILINE) if not name.endswith("_created")
    }
    assert there == set(re.findall(r"`(embedrank_\w+)`", PAGE.read_text(encoding="utf-8")))


def test_what_the_security_page_points_at_is_there() -> None:
    paths = re.findall(r"`(tests/[\w/.]+)`", (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8"))
    assert paths
    assert not [path for path in paths if not (REPOSITORY / path).exists()]


def test_every_file_that_the_page_names_is_there() -> None:
    names = re.findall(r"`(?!embedrank/)([\w/]+(?:\.py|/))`", section(PAGE, "The way of a request"))
    assert len(names) > 10
    assert not [name for name in names if not (REPOSITORY / "embedrank" / "serving" / name).exists()]
