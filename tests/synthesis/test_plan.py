"""Plans meet their shares over a run, whatever order passages come in, and say where a passage cannot serve a wish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from embedrank.core.errors import ConfigError
from embedrank.core.settings import build
from embedrank.synthesis.draft import Wish
from embedrank.synthesis.kinds import KINDS
from embedrank.synthesis.plan import Plan
from embedrank.synthesis.plan_config import KIND_NAMES, PlanConfig
from tests.synthesis.making_rows import code, passage

TEXT = passage()
TOLERANCE = 0.02
SHARES = {
    "kind": {"retrieval": 0.6, "sts": 0.25, "classification": 0.15},
    "query_type": {"keywords": 0.4, "yes_or_no": 0.35, "summary": 0.25},
    "difficulty": {"high_school": 0.5, "phd": 0.5},
    "length": {"2-5": 1, "6-12": 2, "13-24": 1},
    "lang": {"same": 0.7, "de": 0.2, "zh": 0.1},
}


def planned(passages: list[Any], seed: int = 0, **settings: Any) -> list[Wish]:
    plan = Plan(PlanConfig(**settings), seed=seed)
    return [wish for index, each in enumerate(passages) for _, wish in plan.wishes(index, each)]


def off(found: list[Any], shares: Mapping[Any, float]) -> float:
    counts, total = Counter(found), sum(shares.values())
    assert set(counts) <= set(shares)
    return max(abs(counts[choice] / len(found) - share / total) for choice, share in shares.items())


@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("rows", [1, 3])
def test_all_shares_are_met(seed: int, rows: int) -> None:
    wishes = planned([TEXT] * 600, seed, rows_per_passage=rows, **SHARES)
    asked = [wish for wish in wishes if wish.kind == "retrieval"]
    lengths = {(2, 5): 1.0, (6, 12): 2.0, (13, 24): 1.0}
    languages = {None: 0.7, "de": 0.2, "zh": 0.1}
    assert off([wish.kind for wish in wishes], SHARES["kind"]) < TOLERANCE
    assert off([wish.length for wish in wishes], lengths) < TOLERANCE
    for choices, shares in (
        ([wish.query_type for wish in asked], SHARES["query_type"]),
        ([wish.difficulty for wish in asked], SHARES["difficulty"]),
        ([wish.lang for wish in asked], languages),
    ):
        assert off(choices, shares) < TOLERANCE
    for of_kind in SHARES["kind"]:
        assert off([wish.length for wish in wishes if wish.kind == of_kind], lengths) < 2 * TOLERANCE


def test_types_do_not_go_with_lengths_or_languages() -> None:
    wishes = [wish for wish in planned([TEXT] * 4000, **SHARES) if wish.kind == "retrieval"]
    pairs = Counter((wish.query_type, wish.lang) for wish in wishes)
    for (query_type, lang), count in pairs.items():
        alone = Counter(wish.query_type for wish in wishes)[query_type] * Counter(w.lang for w in wishes)[lang]
        assert abs(count - alone / len(wishes)) / len(wishes) < 0.01


def test_the_same_place_always_gets_the_same_wishes() -> None:
    config = PlanConfig(rows_per_passage=2, **SHARES)
    first = Plan(config, seed=3).wishes(41, TEXT)
    plan = Plan(config, seed=3)
    for index in range(100):
        plan.wishes(index, TEXT)
    assert plan.wishes(41, TEXT) == first
    assert [key for key, _ in first] == ["s/1#0", "s/1#1"]


def test_code_is_given_code_rows_and_texts_share_the_rest() -> None:
    kind = {"retrieval": 0.5, "sts": 0.25, "code": 0.25}
    wishes = planned([TEXT, code("def f(): pass")] * 400, kind=kind)
    assert {wish.kind for wish in wishes[1::2]} == {"code"}
    assert off([wish.kind for wish in wishes[::2]], {"retrieval": 2.0, "sts": 1.0}) < TOLERANCE
    assert {wish.instead_of for wish in wishes[::2]} == {None, "code"}
    assert all(wish.instead_of != wish.kind for wish in wishes)


def test_code_is_asked_for_in_retrieval_rows_where_the_plan_has_no_code() -> None:
    assert {wish.kind for wish in planned([code("x = 1")] * 20, kind={"retrieval": 1, "sts": 1})} == {"retrieval"}


def test_a_passage_that_serves_nothing_keeps_its_wish() -> None:
    (wish,) = planned([TEXT], kind={"code": 1})
    assert (wish.kind, wish.instead_of) == ("code", None)


def test_bitext_goes_to_languages_of_the_plan_or_of_the_data() -> None:
    both = passage(translations={"fr": "x", "de": "y"})
    settings = {"kind": {"bitext": 1}}
    named = {"same": 1, "de": 1, "ja": 1}
    assert {wish.lang for wish in planned([both] * 20, **settings)} == {"fr", "de"}
    assert {wish.lang for wish in planned([both] * 20, **settings, lang=named)} == {"de"}
    assert {wish.lang for wish in planned([TEXT] * 20, **settings, lang=named)} == {"de", "ja"}
    (wish,) = planned([TEXT], kind={"bitext": 1, "retrieval": 1e-9})
    assert (wish.kind, wish.instead_of) == ("retrieval", "bitext")


def test_what_the_data_gives_has_no_wished_length() -> None:
    (given,) = planned([passage(translations={"fr": "x"})], kind={"bitext": 1})
    (written,) = planned([TEXT], kind={"bitext": 1}, lang={"de": 1})
    assert given.length is None
    assert written.length is not None


def test_code_rows_ask_in_english_and_translate_into_other_programming_languages() -> None:
    wishes = planned([code("x = 1")] * 300, kind={"code": 1}, code_type={"question": 1, "translation": 1})
    of = {name: [wish for wish in wishes if wish.query_type == name] for name in ("question", "translation")}
    assert {wish.lang for wish in of["question"]} == {"en"}
    assert {wish.lang for wish in of["translation"]} == {"java", "javascript", "go", "rust", "cpp"}
    assert {wish.length for wish in of["translation"]} == {None}


def test_only_sts_rows_have_scores_and_only_asked_rows_difficulties() -> None:
    wishes = planned([TEXT] * 200, **SHARES)
    assert {wish.kind for wish in wishes if wish.score is not None} == {"sts"}
    assert {wish.kind for wish in wishes if wish.difficulty is not None} == {"retrieval"}


def test_empty_shares_leave_the_choice_to_the_configure_step() -> None:
    (wish,) = planned([TEXT], query_type={}, difficulty={})
    assert (wish.query_type, wish.difficulty) == (None, None)


def test_plans_know_every_kind() -> None:
    assert set(KINDS) == set(KIND_NAMES)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"kind": {"poems": 1}}, "must be one of retrieval"),
        ({"kind": {}}, "must be a mapping of choices to shares"),
        ({"kind": {"sts": 0}}, "a share must be a number above 0"),
        ({"kind": {"sts": True}}, "a share must be a number above 0"),
        ({"query_type": {"riddle": 1}}, "must be one of keywords"),
        ({"length": {"8-3": 1}}, "must be words from-to"),
        ({"length": {"short": 1}}, "must be words from-to"),
        ({"lang": {"German": 1}}, "must be a language code"),
        ({"score": {"0.5": 1}}, "must be one of 0.0, 0.2"),
        ({"negatives": 2}, "must be 0, 3, 4 or 5"),
        ({"domain": "cooking"}, "must be one of academic"),
        ({"rows_per_passage": 0}, "at least 1"),
        ({"temperature": 3}, "must lie in 0..2"),
        ({"personas": {"candidates": 0}}, "at least 1"),
        ({"weights": {}}, "unknown key"),
    ],
)
def test_unsound_plans_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        build(PlanConfig, settings)


def test_scores_may_be_numbers_as_yaml_reads_them() -> None:
    (wish,) = planned([TEXT], kind={"sts": 1}, score={0.6: 1})
    assert wish.score == 0.6
