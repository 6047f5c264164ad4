from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.core.settings import build, read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    size: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    rate: float
    part: Part | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    names: Sequence[str] = ()
    limit: int | None = None
    is_on: bool = False
    word: str = ""
    anything: Any = None


def test_nested_optional_and_named_parts_are_built():
    made = build(Whole, {"rate": 1, "part": {"size": 2}, "parts": {"a": {"size": 3}}, "names": ["x", "y"]})
    assert made == Whole(rate=1, part=Part(size=2), parts={"a": Part(size=3)}, names=("x", "y"))


def test_numbers_that_yaml_reads_as_text_are_numbers(tmp_path):
    (tmp_path / "a.yaml").write_text("rate: 1e-4\n")
    assert build(Whole, read_yaml(tmp_path / "a.yaml")).rate == 1e-4


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({}, "rate"),
        ({"rate": "fast"}, "a number"),
        ({"rate": True}, "a number"),
        ({"rate": 1, "limit": 2.5}, "a whole number"),
        ({"rate": 1, "limit": "2"}, "a whole number"),
        ({"rate": 1, "is_on": "yes, please"}, "true or false"),
        ({"rate": 1, "word": 5}, "text"),
        ({"rate": 1, "speed": 5}, "unknown key"),
        ({"rate": 1, "part": {"sise": 5}}, "unknown key"),
        ({"rate": 1, "parts": {"a": {"sise": 5}}}, "unknown key"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(settings, part):
    with pytest.raises(ConfigError, match=part):
        build(Whole, settings)


def test_values_that_fit_are_left_alone():
    made = build(Whole, {"rate": 2, "limit": None, "anything": "1e-4", "word": "1e-4"})
    assert (made.rate, made.limit, made.anything, made.word) == (2, None, "1e-4", "1e-4")


@pytest.mark.parametrize("content", ["- a\n", "a: [\n", "\xff".encode("latin-1")])
def test_files_that_hold_no_mapping_are_refused(tmp_path, content):
    path = tmp_path / "a.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidInputError):
        read_yaml(path)
