"""What the rows of a run shall be like: shares of kinds, types, difficulties, lengths, languages."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from embedrank.core.errors import ConfigError
from embedrank.synthesis.personas_config import PersonasConfig

KIND_NAMES: Final = ("retrieval", "bitext", "sts", "classification", "code")
QUERY_TYPES: Final = ("keywords", "acquire_knowledge", "summary", "yes_or_no", "background")
TRANSLATION: Final = "translation"
CODE_TYPES: Final = ("docstring", "question", "api", TRANSLATION)
DIFFICULTIES: Final = ("high_school", "university", "phd")
DOMAINS: Final = ("academic", "medical", "legal", "financial", "support")
SAME: Final = "same"
"""In shares of languages: the language of the passage."""

_LENGTH: Final = re.compile(r"(\d{1,4})-(\d{1,4})")
_LANG: Final = re.compile(r"[a-z]{2,3}")
_SCORES: Final = {"0.0": 1, "0.2": 1, "0.4": 1, "0.6": 1, "0.8": 1, "1.0": 1}

Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanConfig:
    """Shares are weights: they need not add up to one.

    Attributes:
        rows_per_passage: Rows wished for of each passage.
        kind: Shares of kinds of rows.
        query_type: Shares of query types of retrieval rows; empty lets the configure step choose.
        code_type: Shares of types of code rows.
        difficulty: Shares of difficulties of retrieval and code rows; empty lets the configure step choose.
        length: Shares of lengths in words, written `from-to`: of queries; of the texts that bitext, sts and
            classification rows are about. Code translations, and translations in the data, have no length.
        lang: Shares of languages of retrieval queries, of questions about code and of translations: ISO 639-1 codes,
            and `same` for the passage's (English, where that is code).
        code_lang: Shares of programming languages that code is translated into.
        score: Shares of similarities of sts rows, 0..1 in steps of 0.2.
        negatives: Hard negatives wished for of each retrieval, bitext and code row: 0, or 3 to 5.
        domain: Preset that changes prompts and personas, or None.
        personas: Who asks; None for the library of this package.
        max_passage_chars: A longer passage is cut to this in prompts, which its rows' facts say; rows hold it whole.
        temperature: Of sampling.
        max_tokens: Most tokens of an answer.
    """

    rows_per_passage: int = 1
    kind: Shares = field(default_factory=lambda: {"retrieval": 1.0})
    query_type: Shares = field(default_factory=lambda: dict.fromkeys(QUERY_TYPES, 1.0))
    code_type: Shares = field(default_factory=lambda: {"docstring": 1.0, "question": 1.0, "api": 1.0})
    difficulty: Shares = field(default_factory=lambda: dict.fromkeys(DIFFICULTIES, 1.0))
    length: Shares = field(default_factory=lambda: {"2-5": 0.25, "6-12": 0.45, "13-24": 0.3})
    lang: Shares = field(default_factory=lambda: {SAME: 1.0})
    code_lang: Shares = field(
        default_factory=lambda: dict.fromkeys(("python", "java", "javascript", "go", "rust", "cpp"), 1.0)
    )
    score: Shares = field(default_factory=lambda: dict(_SCORES))
    negatives: int = 0
    domain: str | None = None
    personas: PersonasConfig = field(default_factory=PersonasConfig)
    max_passage_chars: int = 8000
    temperature: float = 0.7
    max_tokens: int = 1024

    def __post_init__(self) -> None:
        for name, known, may_be_empty in (
            ("kind", KIND_NAMES, False),
            ("query_type", QUERY_TYPES, True),
            ("code_type", CODE_TYPES, False),
            ("difficulty", DIFFICULTIES, True),
            ("score", tuple(_SCORES), False),
        ):
            self._check_shares(name, may_be_empty=may_be_empty)
            for choice in getattr(self, name):
                if str(choice) not in known:
                    raise ConfigError("plan", f"{name}.{choice}", choice, f"must be one of {', '.join(known)}")
        for name in ("length", "lang", "code_lang"):
            self._check_shares(name)
        for choice in self.length:
            length_of(choice)
        for choice in self.lang:
            if choice != SAME and not (isinstance(choice, str) and _LANG.fullmatch(choice)):
                raise ConfigError("plan", "lang", choice, "must be a language code, such as de, or `same`")
        self._check_numbers()
        if self.domain is not None and self.domain not in DOMAINS:
            raise ConfigError("plan", "domain", self.domain, f"must be one of {', '.join(DOMAINS)}")

    def _check_shares(self, name: str, *, may_be_empty: bool = False) -> None:
        shares = getattr(self, name)
        if not isinstance(shares, Mapping) or not (shares or may_be_empty):
            raise ConfigError("plan", name, shares, "must be a mapping of choices to shares")
        for choice, share in shares.items():
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < math.inf:
                raise ConfigError("plan", f"{name}.{choice}", share, "a share must be a number above 0")

    def _check_numbers(self) -> None:
        for name, least in (("rows_per_passage", 1), ("max_passage_chars", 200), ("max_tokens", 16), ("negatives", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ConfigError("plan", name, value, f"must be a whole number of at least {least}")
        if self.negatives not in (0, 3, 4, 5):
            raise ConfigError("plan", "negatives", self.negatives, "must be 0, 3, 4 or 5")
        if isinstance(self.temperature, bool) or not isinstance(self.temperature, int | float):
            raise ConfigError("plan", "temperature", self.temperature, "must be a number")
        if not 0 <= self.temperature <= 2:
            raise ConfigError("plan", "temperature", self.temperature, "must lie in 0..2")


def length_of(choice: object) -> tuple[int, int]:
    """Read a length of a plan.

    Args:
        choice: Such as `3-8`.

    Returns:
        Words, from and to.

    Raises:
        ConfigError: If it is not of that form, or empty.
    """
    match = _LENGTH.fullmatch(choice) if isinstance(choice, str) else None
    low, high = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= low <= high:
        raise ConfigError("plan", "length", choice, "must be words from-to, such as 3-8")
    return low, high
