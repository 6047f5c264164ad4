"""Sentences of a text, in scripts with and without blanks between words."""

import re

# Not after the Thai abbreviations of the two calendar eras.
SENTENCE_END = re.compile(r"(?<=[.!?؟։।۔])(?<!\u0e1e\.)(?<!\u0e28\.)(?<!\u0e04\.)\s+|(?<=[。！？；])|\n+")
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
THAI = re.compile(r"[\u0e00-\u0e7f]")


def sentences_of(text: str) -> list[str]:
    """Split a text into sentences; a text without sentence marks (Thai) is split at blanks."""
    parts = [part.strip() for part in SENTENCE_END.split(text) if part.strip()]
    if len(parts) < 3 and THAI.search(text):
        parts = [part for part in text.split(" ") if part]
    return parts


def is_long_enough(sentence: str, *, least: int, least_cjk: int) -> bool:
    """Tell whether a sentence has enough characters to say something; CJK needs fewer."""
    return len(sentence) >= (least_cjk if CJK.search(sentence) else least)
