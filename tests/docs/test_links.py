"""Links lead somewhere, named commands exist, and named files are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PLANNED_HEADING, REPOSITORY, named_commands, pages, section

LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


def _anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _anchors(page: Path) -> set[str]:
    return {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)}


def test_links_are_found() -> None:
    assert LINK.findall((REPOSITORY / "README.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_relative_link_resolves(page: Path) -> None:
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(link)
    assert not broken


@pytest.fixture(scope="module")
def existing_commands(embedrank_command: list[str]) -> set[str]:
    """Names of all subcommands that the command line has."""
    typer = pytest.importorskip("typer")
    from embedrank.cli.app import app

    group = typer.main.get_command(app)
    return set(group.list_commands(group.context_class(group)))


def _planned_commands() -> set[str]:
    return named_commands(section(REPOSITORY / "README.md", PLANNED_HEADING))


def test_every_named_command_exists_or_is_listed_as_planned(existing_commands: set[str]) -> None:
    named = {name for page in pages() for name in named_commands(page.read_text(encoding="utf-8"))}
    assert named
    assert named <= existing_commands | _planned_commands()


def test_no_existing_command_is_listed_as_planned_or_left_out_of_the_readme(existing_commands: set[str]) -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert not _planned_commands() & existing_commands
    assert existing_commands <= named_commands(readme)


def test_every_path_in_the_readme_tree_exists() -> None:
    tree = section(REPOSITORY / "README.md", "Where things are")
    rows = re.findall(r"^([\w./-]+/?) {2,}(.+)$", tree, re.MULTILINE)
    assert rows
    missing = [name for name, _ in rows if not (REPOSITORY / name).exists()]
    assert not missing
    assert not [gloss for _, gloss in rows if len(gloss.split()) > 8]


def test_every_room_is_in_the_readme_tree() -> None:
    tree = section(REPOSITORY / "README.md", "Where things are")
    rooms = {path.name for path in (REPOSITORY / "embedrank").iterdir() if any(path.glob("*.py"))}
    assert rooms
    assert not {room for room in rooms if f"embedrank/{room}/" not in tree}
