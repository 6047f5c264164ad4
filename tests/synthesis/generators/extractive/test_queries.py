"""Extractive queries: of the wished type and length, in the wished language, never the passage over again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedrank.core.generation import Failure, GenerationRequest
from embedrank.core.protocols import TextGenerator
from embedrank.synthesis.draft import Draft, SyntheticRow, Wish
from embedrank.synthesis.drafting import Drafting
from embedrank.synthesis.generators.extractive import ExtractiveGenerator
from embedrank.synthesis.generators.extractive.phrases import key_phrases
from embedrank.synthesis.plan import Plan
from embedrank.synthesis.plan_config import QUERY_TYPES, PlanConfig
from embedrank.synthesis.words import num_words
from tests.synthesis.making_rows import ENGLISH, asked, context, extracted, passage, row_of

CHINESE = (
    "梵語儘管非常古老，構造卻精妙絕倫。威廉·瓊斯發現印歐語系，也要歸功於對梵語的研究。"
    "亞洲協會在加爾各答舉行會議，發表了著名的言論。梵語研究對西方文字學的發展貢獻不少。"
)
JAPANESE = (
    "手塚治虫は日本の漫画家、アニメ監督である。大阪帝国大学の医学専門部を卒業した。"
    "戦後日本においてストーリー漫画の第一人者として活躍した。兵庫県宝塚市の出身である。"
)
THAI = (
    "กลุ่มภาษาวิซายัน เป็นกลุ่มของภาษาในฟิลิปปินส์ ซึ่งเป็นส่วนหนึ่งของกลุ่มภาษาฟิลิปปินส์กลาง "
    "กลุ่มภาษานี้ส่วนใหญ่ใช้พูดในบริเวณวิซายา แต่ก็มีผู้ใช้ในบริเวณบิกอล หมู่เกาะทางใต้ของลูซอน"
)
HINDI = (
    "संस्कृत भारत की एक प्राचीन भाषा है। इसका व्याकरण पाणिनि ने लिखा था। "
    "वेद और उपनिषद संस्कृत में लिखे गए हैं। आज भी भारत में इसका अध्ययन होता है।"
)
ARABIC = (
    "اليابان دولة جزرية تقع في شرق آسيا. تتألف اليابان من سبع وأربعين محافظة. "
    "عاصمة اليابان هي طوكيو وهي أكبر المدن. يعيش في طوكيو ملايين السكان."
)
TEXTS = {"en": ENGLISH, "zh": CHINESE, "ja": JAPANESE, "th": THAI, "hi": HINDI, "ar": ARABIC}
LENGTHS = ((2, 5), (6, 12), (13, 24))


def made(lang: str, query_type: str, length: tuple[int, int] | None, key: int = 0) -> Any:
    about = passage(TEXTS[lang], lang=lang, title="")
    return extracted(Wish(kind="retrieval", query_type=query_type, length=length), about, key=key)


@pytest.mark.parametrize("lang", sorted(TEXTS))
def test_queries_have_the_wished_length_or_are_refused_with_a_reason(lang: str) -> None:
    rows = 0
    for query_type in QUERY_TYPES:
        for length in LENGTHS:
            for key in range(4):
                found = made(lang, query_type, length, key)
                if isinstance(found, SyntheticRow):
                    rows += 1
                    assert length[0] <= num_words(found.query) <= length[1], found.query
                    # A name can only be copied; a statement must not be.
                    assert query_type == "keywords" or found.query not in found.positives[0]
                else:
                    assert found[0] == "generate"
    assert rows >= 30  # of 60


@pytest.mark.parametrize("lang", sorted(TEXTS))
@pytest.mark.parametrize("query_type", QUERY_TYPES)
def test_every_type_works_in_every_script(lang: str, query_type: str) -> None:
    row = made(lang, query_type, None)
    assert isinstance(row, SyntheticRow), row
    assert row.positives[0].strip()
    assert row.lang == lang


@pytest.mark.parametrize("query_type", ["summary", "background"])
def test_a_statement_that_becomes_the_query_goes_from_the_passage(query_type: str) -> None:
    row = made("en", query_type, (13, 24))
    sentence = next(part for part in ENGLISH.split(". ") if part.rstrip(".") in row.query)
    assert sentence in ENGLISH
    assert sentence not in row.positives[0]
    assert num_words(row.positives[0]) > num_words(ENGLISH) / 2
    assert "  " not in row.positives[0]


def test_a_title_that_becomes_the_query_goes_from_the_positive() -> None:
    wish = Wish(kind="retrieval", query_type="keywords", length=(2, 6))
    rows = [extracted(wish, passage(), key=key) for key in range(12)]
    titled = [row for row in rows if row.query.startswith("Armenian Church")]
    assert 0 < len(titled) < len(rows)
    for row in rows:
        assert row.positives[0].startswith("Armenian Church") == (row not in titled)


def test_a_gap_takes_the_place_of_a_whole_phrase() -> None:
    text = (
        "Etchmiadzin is the mother see. Without the abbot the Etchmiadzins of old met in the cold hall at Etchmiadzin."
    )
    row = extracted(Wish(kind="retrieval", query_type="acquire_knowledge", length=(14, 16)), passage(text, title=""))
    assert "____" in row.query
    assert "____s" not in row.query


def test_queries_in_another_language_come_from_the_translation() -> None:
    both = passage(ENGLISH, translations={"zh": CHINESE})
    for query_type in QUERY_TYPES:
        row = extracted(Wish(kind="retrieval", query_type=query_type, lang="zh"), both)
        assert not row.query.isascii()
        assert row.positives == (f"Armenian Church\n{ENGLISH}",)
        assert row.lang == "zh"
    wish = Wish(kind="retrieval", query_type="keywords", lang="de")
    assert extracted(wish, both) == ("generate", "no translation")


@pytest.mark.parametrize(
    ("query_type", "reason"),
    [("summary", "no statement of the wished length"), ("keywords", "too few key phrases")],
)
def test_a_passage_that_does_not_hold_the_query_says_so(query_type: str, reason: str) -> None:
    wish = Wish(kind="retrieval", query_type=query_type, length=(13, 24))
    assert extracted(wish, passage("Short text here.", title="")) == ("generate", reason)


def test_nothing_is_left_of_no_passage() -> None:
    wish = Wish(kind="retrieval", query_type="summary")
    assert extracted(wish, passage("One sentence that is the whole passage and no more.", title="")) == (
        "generate",
        "no statement of the wished length",
    )


def test_what_is_not_met_is_not_said() -> None:
    """No persona, no difficulty, no prompt, no negatives: a plan may want them, the draft does not claim them."""
    drafting = Drafting(context=context(reads_prose=False, negatives=3))
    ((_, wish),) = Plan(PlanConfig(query_type={"keywords": 1}), seed=0, reads_prose=False).wishes(0, passage())
    result, (request,) = asked(drafting, wish, passage(), {"generate": {"query": "q", "removed": []}})
    assert isinstance(result, Draft)
    assert (result.wish.query_type, result.wish.difficulty) == ("keywords", None)
    assert result.facts == {"query": "q"}
    assert request.messages == ()
    assert row_of(result).negatives == ()


@settings(deadline=None)
@given(
    text=st.text(min_size=1) | st.text(alphabet="aA .,()（。，のคก่ 1\n'\"$", min_size=1),
    title=st.text(max_size=9),
    query_type=st.sampled_from(QUERY_TYPES),
    length=st.none() | st.sampled_from(LENGTHS),
    lang=st.sampled_from([None, *TEXTS]),
)
def test_no_passage_makes_it_raise(
    text: str, title: str, query_type: str, length: tuple[int, int] | None, lang: str | None
) -> None:
    about = passage(text, title=title, lang=lang)
    row = extracted(Wish(kind="retrieval", query_type=query_type, length=length), about)
    assert isinstance(row, SyntheticRow | tuple)


def test_answers_are_the_same_every_time() -> None:
    assert [made("en", kind, None) for kind in QUERY_TYPES] == [made("en", kind, None) for kind in QUERY_TYPES]


def test_steps_that_need_a_model_are_refused() -> None:
    generator = ExtractiveGenerator()
    assert isinstance(generator, TextGenerator)
    request = GenerationRequest(key="k", messages=(), facts={"step": "negatives"})
    assert generator.generate([request]) == [Failure(reason="needs a language model", detail="step negatives")]
    assert generator.generate([]) == []


@pytest.mark.parametrize(
    ("lang", "text", "expected"),
    [
        ("en", ENGLISH, {"National Council", "Patriarchate", "Monastic Brotherhood", "abbot"}),
        ("zh", CHINESE, {"威廉·瓊斯發現印歐語系", "加爾各答舉行會議"}),
        ("ja", JAPANESE, {"手塚治虫", "兵庫県宝塚市"}),
        (
            "fr",
            "Le musée du Louvre se trouve à Paris. Le musée attire des millions de visiteurs.",
            {"Paris", "visiteurs"},
        ),
        (None, "Qosh ruh al mena tor Kalifax Bay un do re Kalifax Bay.", {"Kalifax Bay"}),
    ],
)
def test_key_phrases_are_what_a_reader_would_name(lang: str | None, text: str, expected: set[str]) -> None:
    found = key_phrases(text, "", lang)
    missing = {phrase for phrase in expected if not any(phrase in each or each in phrase for each in found)}
    assert not missing, found


def test_no_phrase_repeats_a_word_of_a_better_one() -> None:
    found = key_phrases(ENGLISH, "", "en")
    words = [word.lower() for phrase in found for word in phrase.split()]
    assert len(set(words)) == len(words)
