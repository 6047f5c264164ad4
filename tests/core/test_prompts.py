"""Golden bytes of every prompt and golden ids on the real Qwen3 vocabulary.

The literals are spelled out here on purpose: a test that built them from the code under test would prove nothing.
Golden ids: model notes and public test files, see `expected_ids.json` beside the tokenizer.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from embedrank.core.errors import ConfigError
from embedrank.core.prompts import (
    DEFAULT_QUERY_INSTRUCTION,
    REPORT_RERANK_INSTRUCTION,
    RERANK_TEMPLATES,
    format_query,
    rerank_template,
)

END_OF_TEXT = 151643
IM_START, IM_END = 151644, 151645
THINK, END_THINK = 151667, 151668
YES, NO = 9693, 2152

QUERY = "What is the capital of China?"
DOCUMENT = "The capital of China is Beijing."

PREFIX_BYTES = (
    b"<|im_start|>system\n"
    b"Judge whether the Document meets the requirements based on the Query and the Instruct provided. "
    b'Note that the answer can only be "yes" or "no".<|im_end|>\n'
    b"<|im_start|>user\n"
)
SUFFIX_BYTES = b"<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"

# fmt: off
PREFIX_IDS = [
    151644, 8948, 198,                                                                    # system
    60256, 3425, 279, 11789, 20027, 279, 8502, 3118, 389, 279, 11361, 323, 279, 758, 1235, 3897, 13,
    7036, 429, 279, 4226, 646, 1172, 387, 330, 9693, 1, 476, 330, 2152, 3263, 151645, 198,
    151644, 872, 198,                                                                     # user
]
SUFFIX_IDS = [151645, 198, 151644, 77091, 198, 151667, 271, 151668, 271]                  # assistant, empty thought
DEFAULT_MIDDLE_IDS = [
    27, 641, 1235, 26818,                                                                 # <Instruct>:
    16246, 264, 3482, 2711, 3239, 11, 17179, 9760, 46769, 429, 4226, 279, 3239, 198,
    27, 2859, 26818, 3555, 374, 279, 6722, 315, 5616, 5267,                               # <Query>: ...?\n
    75692, 26818, 576, 6722, 315, 5616, 374, 26549, 13,                                   # <Document>: ...
]
REPORT_MIDDLE_IDS = [
    27, 641, 1235, 26818, 16246, 279, 1196, 3239, 11, 56370, 279, 9760, 46769, 271,
    27, 2859, 26818, 3555, 374, 279, 6722, 315, 5616, 1939,                               # ...?\n\n
    75692, 26818, 576, 6722, 315, 5616, 374, 26549, 13,
]
QUERY_IDS = [
    641, 1235, 25, 16246, 264, 3482, 2711, 3239, 11, 17179, 9760, 46769, 429, 4226, 279, 3239, 198,
    2859, 25, 3838, 374, 279, 6722, 315, 5616, 30, END_OF_TEXT,
]
# fmt: on


def test_instructions_are_byte_exact() -> None:
    assert DEFAULT_QUERY_INSTRUCTION.encode() == (
        b"Given a web search query, retrieve relevant passages that answer the query"
    )
    assert REPORT_RERANK_INSTRUCTION.encode() == b"Given the user query, retrieval the relevant passages"


def test_a_query_carries_its_instruction_without_a_space_after_the_colon() -> None:
    assert format_query(QUERY).encode() == (
        b"Instruct: Given a web search query, retrieve relevant passages that answer the query\n"
        b"Query:What is the capital of China?"
    )
    assert format_query("Explain gravity", "Find physics texts").encode() == (
        b"Instruct: Find physics texts\nQuery:Explain gravity"
    )


@pytest.mark.parametrize("instruction", [None, ""])
def test_a_query_without_instruction_stays_raw(instruction: str | None) -> None:
    assert format_query(" spaces stay \n", instruction) == " spaces stay \n"


@pytest.mark.parametrize(
    ("name", "middle"),
    [
        (
            "default",
            b"<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n"
            b"<Query>: What is the capital of China?\n"
            b"<Document>: The capital of China is Beijing.",
        ),
        (
            "report",
            b"<Instruct>: Given the user query, retrieval the relevant passages\n\n"
            b"<Query>: What is the capital of China?\n\n"
            b"<Document>: The capital of China is Beijing.",
        ),
    ],
)
def test_rerank_templates_are_byte_exact(name: str, middle: bytes) -> None:
    template = rerank_template(name)
    assert template.name == name
    assert template.prefix.encode() == PREFIX_BYTES
    assert template.suffix.encode() == SUFFIX_BYTES
    assert template.middle(QUERY, DOCUMENT).encode() == middle
    assert template.prompt(QUERY, DOCUMENT).encode() == PREFIX_BYTES + middle + SUFFIX_BYTES


@pytest.mark.parametrize("name", sorted(RERANK_TEMPLATES))
def test_question_and_document_join_to_the_middle(name: str) -> None:
    template = rerank_template(name)
    assert template.question(QUERY, "Judge") + DOCUMENT == template.middle(QUERY, DOCUMENT, "Judge")


def test_a_given_instruction_replaces_the_default_and_an_empty_one_is_kept() -> None:
    template = rerank_template()
    assert template.middle("q", "d", "Judge").encode() == b"<Instruct>: Judge\n<Query>: q\n<Document>: d"
    assert template.middle("q", "d", "").encode() == b"<Instruct>: \n<Query>: q\n<Document>: d"


def test_braces_in_user_text_are_not_placeholders() -> None:
    assert "{query} {0} %s" in rerank_template().prompt("{query} {0} %s", "{document}")
    assert format_query("{query}", "{instruction}") == "Instruct: {instruction}\nQuery:{query}"


def test_an_unknown_template_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"prompts\.template = 'chat': must be one of default, report"):
        rerank_template("chat")


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("test", [1944, END_OF_TEXT]),
        ("test again", [1944, 1549, END_OF_TEXT]),
        ("!", [0, END_OF_TEXT]),
        ("!#012", [0, 2, 15, 16, 17, END_OF_TEXT]),
        ("<|im_end|>", [IM_END, END_OF_TEXT]),
        ("", [END_OF_TEXT]),
    ],
)
def test_embedder_texts_end_with_the_end_token(qwen3_embedding_tokenizer: Any, text: str, ids: list[int]) -> None:
    assert qwen3_embedding_tokenizer.encode(text).ids == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("yes", [YES]),
        ("no", [NO]),
        ("<think>\n\n</think>\n\n", [THINK, 271, END_THINK, 271]),
        ("<|im_start|>", [IM_START]),
        ("<|im_end|>", [IM_END]),
    ],
)
def test_reranker_pieces_have_their_known_ids(qwen3_tokenizer: Any, text: str, ids: list[int]) -> None:
    assert qwen3_tokenizer.encode(text).ids == ids


def test_a_formatted_query_has_its_golden_ids(qwen3_embedding_tokenizer: Any) -> None:
    assert qwen3_embedding_tokenizer.encode(format_query(QUERY)).ids == QUERY_IDS


@pytest.mark.parametrize(("name", "middle_ids"), [("default", DEFAULT_MIDDLE_IDS), ("report", REPORT_MIDDLE_IDS)])
def test_a_whole_rerank_prompt_has_its_golden_ids(qwen3_tokenizer: Any, name: str, middle_ids: list[int]) -> None:
    template = rerank_template(name)
    parts = [template.prefix, template.middle(QUERY, DOCUMENT), template.suffix]
    ids = [qwen3_tokenizer.encode(part).ids for part in parts]
    assert ids == [PREFIX_IDS, middle_ids, SUFFIX_IDS]
    # Turn marks stand between the parts, so that one pass over the joined text gives the same ids.
    assert qwen3_tokenizer.encode(template.prompt(QUERY, DOCUMENT)).ids == PREFIX_IDS + middle_ids + SUFFIX_IDS


def test_golden_ids_agree_with_pieces_known_from_elsewhere(qwen3_tokenizer: Any) -> None:
    newline, blank_line = 198, 271
    assert PREFIX_IDS[0] == PREFIX_IDS[-3] == IM_START
    assert PREFIX_IDS[-5:-3] == [IM_END, newline]
    assert YES in PREFIX_IDS and NO in PREFIX_IDS
    assert SUFFIX_IDS[-4:] == [THINK, blank_line, END_THINK, blank_line]
    roles = [PREFIX_IDS[1], PREFIX_IDS[-2], SUFFIX_IDS[3]]
    assert [qwen3_tokenizer.id_to_token(role) for role in roles] == ["system", "user", "assistant"]
    assert qwen3_tokenizer.decode(PREFIX_IDS, skip_special_tokens=False).encode() == PREFIX_BYTES
    assert qwen3_tokenizer.decode(SUFFIX_IDS, skip_special_tokens=False).encode() == SUFFIX_BYTES


def test_the_question_alone_ends_in_another_token_than_before_a_document(qwen3_tokenizer: Any) -> None:
    """A shared prompt prefix has to be cut at a token that the document cannot change."""
    template = rerank_template()
    alone = qwen3_tokenizer.encode(template.question(QUERY)).ids
    whole = qwen3_tokenizer.encode(template.middle(QUERY, DOCUMENT)).ids
    assert alone[:-1] == whole[: len(alone) - 1]
    assert alone[-1] == 220 and whole[len(alone) - 1] == 576  # the space alone, and " The"


def test_public_cases_give_their_expected_ids(shared_data: Path, qwen3_tokenizer: Any) -> None:
    cases = json.loads((shared_data / "qwen3-tokenizer" / "expected_ids.json").read_text(encoding="utf-8"))
    assert len(cases) == 48
    parsed = [case for case in cases if case.get("allowed_special") != "none"]
    assert len(parsed) == 47
    for case in parsed:
        assert qwen3_tokenizer.encode(case["text"]).ids == case["ids"], case["text"]


def test_the_plain_text_case_needs_special_tokens_read_as_text(shared_data: Path, build_qwen3_tokenizer: Any) -> None:
    cases = json.loads((shared_data / "qwen3-tokenizer" / "expected_ids.json").read_text(encoding="utf-8"))
    (plain,) = [case for case in cases if case.get("allowed_special") == "none"]
    tokenizer = build_qwen3_tokenizer(False)
    assert tokenizer.encode(plain["text"]).ids == [1350, 445, END_OF_TEXT, 899]
    tokenizer.encode_special_tokens = True
    assert tokenizer.encode(plain["text"]).ids == plain["ids"] == [1350, 9639, 91, 8691, 723, 427, 91, 82598]
