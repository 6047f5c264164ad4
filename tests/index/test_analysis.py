"""What counts as a term, in prose, code and scripts without spaces."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from embedrank.index import analysis
from embedrank.index.analysis import highlights, query_terms, term_spans, terms


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Running", "runs"),
        ("café", "CAFE"),
        ("parseDate", "parse date"),
        ("parse_date", "parse date"),
        ("ｆｕｌｌ", "full"),
    ],
)
def test_spellings_of_the_same_word_share_a_term(text: str, other: str) -> None:
    assert set(terms(text)) & set(terms(other))


def test_identifiers_are_found_whole_and_by_their_parts() -> None:
    found = terms("HTTPServerError")
    assert set(terms("server error")) <= set(found)
    assert set(terms("httpservererror")) <= set(found)


def test_chinese_shares_terms_by_pairs_of_characters() -> None:
    assert "梵文" in terms("在歐洲梵文的學術研究")
    assert not set(terms("天氣")) & set(terms("學術"))


@pytest.mark.parametrize("text", ["हिन्दी भाषा", "العربية لغة", "ภาษาไทย", "עברית", "русский язык", "한국어 문장"])
def test_every_script_gives_terms_that_find_themselves(text: str) -> None:
    assert terms(text)
    assert set(query_terms(text)) <= set(terms(text))


def test_marks_that_combine_do_not_break_words() -> None:
    assert len(terms("हिन्दी")) == 1


def test_function_words_are_left_out_of_queries_unless_there_is_nothing_else() -> None:
    assert query_terms("the cry of the tin") == [*terms("cry"), *terms("tin")]
    assert query_terms("to be or not to be")


def test_spans_point_at_the_text_they_name() -> None:
    text = "The parseDate function, 日本語 too"
    for term, start, end in term_spans(text):
        assert 0 <= start < end <= len(text)
        assert set(terms(text[start:end])) & {term}


def test_highlights_cover_the_shared_words_only() -> None:
    text = "Tin bends. Copper too."
    assert [text[start:end] for start, end in highlights(text, terms("copper tin"))] == ["Tin", "Copper"]
    assert terms("") == terms("...!?") == []


def test_threads_at_once_cut_words_as_one_alone_does():
    """A stemmer keeps the word it is at in itself; threads that share one would mix their words."""
    words = [stem + ending for stem in ("relat", "nation", "connect") for ending in ("ing", "ed", "ional", "es")]
    texts = [f"{word}{'xyzw'[place % 4]} {word}" for place, word in enumerate(words * 12)]
    alone = [term_spans(text) for text in texts]
    analysis._stem.cache_clear()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            together = list(threads.map(lambda place: list(map(term_spans, texts[place:] + texts[:place])), range(8)))
    finally:
        sys.setswitchinterval(before)
    for place, found in enumerate(together):
        assert found == alone[place:] + alone[:place]
