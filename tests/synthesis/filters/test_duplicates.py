"""Repeated rows go; what is remembered is the same in one run and in a run begun again."""

from __future__ import annotations

import pytest

from embedrank.synthesis.draft import Wish
from embedrank.synthesis.filters.recent_signatures import RecentSignatures, signature
from tests.synthesis.filters.drafts import draft, made, reasons

LONG = "when does the lynx hunt hares in the forests of the north"
NEAR = "when does the lynx hunt hares in the forests of the North?!"
NEARLY = "when does a lynx hunt hares in the forests of the north"
TREES = ["ash", "birch", "cedar", "elm", "fir", "hazel", "larch"]
OTHER = "what is the average lifespan of a brown bear in captivity"


def test_a_later_copy_goes_in_the_same_block_whatever_its_case_and_punctuation() -> None:
    assert reasons(made("duplicates"), [draft(LONG), draft(OTHER), draft(NEAR)]) == ["", "", "duplicate"]


def test_a_near_copy_goes_and_names_its_original() -> None:
    judge = made("duplicates", similarity=0.7)
    said = judge.judge([draft(LONG, key="first"), draft(NEARLY), draft(OTHER)])
    assert [verdict.reason for verdict in said] == ["", "near duplicate", ""]
    assert said[1].detail.startswith("of first, similarity 0.")
    assert 0.7 <= said[1].figures["duplicates_similarity"] < 1


def test_another_number_makes_another_question() -> None:
    queries = [f"what are the genetic changes related to spastic paraplegia type {number}" for number in (8, 9)]
    assert reasons(made("duplicates"), [*map(draft, queries), draft(f"{queries[0]} ?")]) == ["", "", "duplicate"]


def test_near_copies_can_be_kept() -> None:
    assert reasons(made("duplicates", similarity=None), [draft(LONG), draft(NEARLY), draft(NEAR)]) == [
        "",
        "",
        "duplicate",
    ]


def test_only_rows_that_passed_the_whole_chain_are_remembered() -> None:
    judge = made("duplicates")
    assert reasons(judge, [draft(LONG), draft(OTHER)]) == ["", ""]
    judge.remember([draft(OTHER)])
    assert reasons(judge, [draft(LONG), draft(OTHER)]) == ["", "duplicate"]


def test_a_run_begun_again_judges_as_one_that_was_not_interrupted() -> None:
    texts = [f"{LONG} {TREES[n % 7]} {TREES[n % 5]} {TREES[n % 3]}" for n in range(30)]
    blocks = [[draft(text) for text in texts[start : start + 5]] for start in range(0, 30, 5)]
    whole = made("duplicates", similarity=0.85, window=6)
    said = []
    for block in blocks:
        said.append(reasons(whole, block))
        whole.remember([each for each, reason in zip(block, said[-1], strict=True) if not reason])
    kept = [[d for d, reason in zip(*pair, strict=True) if not reason] for pair in zip(blocks, said, strict=True)]
    assert 0 < sum(map(len, kept)) < 30
    for done in range(len(blocks)):
        again = made("duplicates", similarity=0.85, window=6)
        for block in kept[:done]:
            again.remember(block)
        assert reasons(again, blocks[done]) == said[done]


def test_pairs_are_compared_as_pairs() -> None:
    judge = made("duplicates")
    pairs = [draft("the lynx", other, task="bitext") for other in ("der Luchs", "le lynx", "Der Luchs!")]
    assert reasons(judge, pairs) == ["", "", "duplicate"]
    assert reasons(judge, [draft("the lynx", "one"), draft("the lynx", "two")]) == ["", "duplicate"]


def test_punctuation_tells_code_apart() -> None:
    queries = ["x = a + b", "x = a - b"]
    rows = [draft(query, "y", task="code", wish=Wish(kind="code")) for query in queries]
    assert reasons(made("duplicates", similarity=None), rows) == ["", ""]
    assert reasons(made("duplicates", similarity=None), [draft(query, "y") for query in queries]) == ["", "duplicate"]


def test_the_window_forgets_the_oldest_near_copies_only() -> None:
    judge = made("duplicates", similarity=0.7, window=2)
    judge.remember([draft(LONG), draft(OTHER), draft("how tall is the tallest tree in the world")])
    assert reasons(judge, [draft(NEARLY), draft(LONG)]) == ["", "duplicate"]


@pytest.mark.parametrize(
    ("one", "two"), [("abcdefgh" * 5, "abcdefgh" * 4 + "stuvwxyz"), ("山猫吃野兔" * 4, "山猫吃野鸡" * 4)]
)
def test_signatures_estimate_the_jaccard_similarity_of_shingles(one, two) -> None:
    shingles = [{text[i : i + 4] for i in range(len(text) - 3)} for text in (one, two)]
    exact = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
    assert float((signature(one) == signature(two)).mean()) == pytest.approx(exact, abs=0.15)


def test_the_nearest_of_several_is_named_and_ties_do_not_depend_on_their_order() -> None:
    for names in (["a", "b"], ["b", "a"]):
        recent = RecentSignatures(0.5, 10)
        for name in names:
            recent.add(name, signature(LONG))
        recent.add("c", signature(NEARLY))
        assert recent.nearest(signature(LONG)) == ("a", 1.0)
