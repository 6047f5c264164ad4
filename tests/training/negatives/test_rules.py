"""Each rule refuses literally what it says; positives and their duplicates are refused whatever the settings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedrank.core.errors import ConfigError
from embedrank.core.same_text import digest, normalised
from embedrank.training.negatives import reasons
from embedrank.training.negatives.config import MiningConfig
from embedrank.training.negatives.rules import judge
from embedrank.training.negatives.window import Identities, Window

OPEN = {"skip": 0, "max_score": None, "max_share": None}


def window(scores, positive_score=1.0, *, digests=None, similarities=None) -> Window:
    return Window(
        places_K=np.arange(len(scores)),
        scores_K=np.array(scores, np.float32),
        digests_K=np.array(range(100, 100 + len(scores)) if digests is None else digests, np.uint64),
        positive_score=positive_score,
        similarities_K=None if similarities is None else np.array(similarities, np.float32),
    )


def identities(positives=(), others=(), written=()) -> Identities:
    return Identities(**{name: np.array(value, np.uint64) for name, value in locals().items()})


def reasons_of(found: Window, own: Identities | None = None, **settings) -> list[str]:
    return list(judge(found, own or identities(), MiningConfig(**{**OPEN, **settings})))


def brute_force(found: Window, own: Identities, config: MiningConfig) -> list[str]:
    """The rules as sentences, one document after another."""
    said, num_passed = [], 0
    for place in range(len(found.places_K)):
        score, key = found.scores_K[place], int(found.digests_K[place])
        positive = found.positive_score
        if key in own.positives.tolist():
            said.append(reasons.POSITIVE)
        elif key in own.others.tolist():
            said.append(reasons.OTHER_POSITIVE)
        elif key in own.written.tolist():
            said.append(reasons.WRITTEN)
        elif config.max_similarity is not None and found.similarities_K[place] > config.max_similarity:
            said.append(reasons.SIMILAR)
        elif num_passed < config.skip:
            num_passed += 1
            said.append(reasons.SKIPPED)
        elif config.max_score is not None and score > config.max_score:
            said.append(reasons.ABOVE_CAP)
        elif config.max_share is not None and score > positive - (1 - config.max_share) * abs(positive):
            said.append(reasons.ABOVE_SHARE)
        elif config.margin is not None and score > positive - config.margin:
            said.append(reasons.ABOVE_MARGIN)
        else:
            said.append("")
    return said


COSINE = st.integers(-8, 8).map(lambda eighths: eighths / 8)  # exact in float32, so that bounds are met exactly
BOUND = st.none() | COSINE


@given(data=st.data())
def test_judging_is_the_rules_one_after_another(data) -> None:
    scores = sorted(data.draw(st.lists(COSINE, max_size=12)), reverse=True)
    size = len(scores)
    keys = data.draw(st.permutations(range(size)))
    cut = sorted(data.draw(st.tuples(*[st.integers(0, size)] * 3)))
    own = identities(range(cut[0]), range(cut[0], cut[1]), range(cut[1], cut[2]))
    similarities = data.draw(st.lists(COSINE, min_size=size, max_size=size))
    config = MiningConfig(
        skip=data.draw(st.integers(0, 4)),
        max_score=data.draw(BOUND),
        max_share=data.draw(st.none() | st.sampled_from([0, 0.5, 0.75, 1])),
        margin=data.draw(st.none() | st.sampled_from([0, 0.125, 0.5])),
        max_similarity=data.draw(BOUND),
    )
    found = window(scores, data.draw(COSINE), digests=keys, similarities=similarities)
    assert list(judge(found, own, config)) == brute_force(found, own, config)


def test_a_share_of_the_positive_is_topk_percpos() -> None:
    said = reasons_of(window([0.78, 0.75, 0.7], 0.8), max_share=0.95)  # bound 0.76
    assert said == [reasons.ABOVE_SHARE, "", ""]


def test_a_share_of_a_positive_below_zero_still_lies_below_it() -> None:
    assert reasons_of(window([-0.2, -0.21, -0.25], -0.2), max_share=0.8) == [reasons.ABOVE_SHARE] * 2 + [""]


def test_a_margin_below_the_positive_is_topk_marginpos() -> None:
    assert reasons_of(window([0.76, 0.74], 0.8), margin=0.05) == [reasons.ABOVE_MARGIN, ""]


def test_the_cap_does_not_look_at_the_positive() -> None:
    assert reasons_of(window([0.81, 0.79], 0.1), max_score=0.8) == [reasons.ABOVE_CAP, ""]


def test_positives_are_not_among_the_best_that_are_skipped() -> None:
    found = window([0.9, 0.8, 0.7], digests=[7, 8, 9])
    assert reasons_of(found, identities([7]), skip=1) == [reasons.POSITIVE, reasons.SKIPPED, ""]


@pytest.mark.parametrize("other", ["Beijing  is\tbig.", "BEIJING IS BIG.", "Ｂeijing is big.\n"])
def test_texts_are_the_same_but_for_case_white_space_and_compatible_forms(other: str) -> None:
    assert digest(other) == digest("Beijing is big.")
    assert normalised(other) == "beijing is big."


def test_punctuation_tells_texts_apart() -> None:
    assert digest("x < y") != digest("x > y")
    assert digest("a", "b c") != digest("a b", "c")


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"num_negatives": 0}, "num_negatives"),
        ({"min_negatives": 9}, "min_negatives"),
        ({"window": 3, "skip": 3}, "leaves nothing"),
        ({"max_share": 1.5}, "within 0..1"),
        ({"max_relevance": None}, "max_relevance"),
        ({"margin": -0.1}, "margin"),
        ({"temperature": 0}, "temperature"),
        ({"sampling": "best"}, "top, random, weighted"),
        ({"existing": "mix"}, "keep, fill, replace"),
        ({"require_positive": "yes"}, "true or false"),
        ({"seed": True}, "seed"),
    ],
)
def test_unsound_settings_are_refused(settings, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        MiningConfig(**settings)
