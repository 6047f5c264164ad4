"""A sample of text for tokenizer training, balanced over languages, scripts and code."""

import random
import re
from collections import defaultdict
from pathlib import Path

from rowmaking.reading import read_jsonl

EMPHASIS = {"en": 2.0, "han": 3.0, "code": 2.0, "kana": 1.3}
TEMPERATURE = 0.5  # share of a bucket grows with bytes ** TEMPERATURE
SCRIPTS = {
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "han": re.compile(r"[\u3400-\u9fff]"),
    "hangul": re.compile(r"[\uac00-\ud7af]"),
    "thai": re.compile(r"[\u0e00-\u0e7f]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
    "hebrew": re.compile(r"[\u0590-\u05ff]"),
    "cyrillic": re.compile(r"[\u0400-\u04ff]"),
    "indic": re.compile(r"[\u0900-\u0dff]"),
    "greek": re.compile(r"[\u0370-\u03ff]"),
}
OTHER = re.compile(r"[\u0530-\u058f\u0e80-\u1fff]")


def bucket_of(text: str, *, code: bool, lang: str) -> str:
    """Name the bucket of a text: `code`, a script, or the language of Latin-script text."""
    if code:
        return "code"
    for script, pattern in SCRIPTS.items():
        if len(pattern.findall(text)) > len(text) * (0.1 if script == "kana" else 0.3):
            return script
    if OTHER.search(text):
        return "other"
    return lang if lang in ("en", "pt", "fr", "de", "es") else "latin"


def read_buckets(rows: Path) -> dict[str, list[str]]:
    """Collect the distinct queries and documents of all row files by bucket."""
    buckets: dict[str, dict[str, None]] = defaultdict(dict)
    for path in sorted(rows.glob("*.jsonl")):
        for row in read_jsonl(path):
            code = row["task"] == "code"
            english = code or row["task"] == "bitext"
            lang = "en" if english and row["query"].isascii() else row["lang"]
            query_is_code = code and "\n" in row["query"]
            buckets[bucket_of(row["query"], code=query_is_code, lang=lang)][row["query"]] = None
            for text in row["positives"]:
                side = "en" if row["task"] == "bitext" and text.isascii() else row["lang"]
                buckets[bucket_of(text, code=code, lang=side)][text] = None
    return {name: list(texts) for name, texts in sorted(buckets.items())}


def balanced_sample(buckets: dict[str, list[str]], *, max_bytes: int, seed: int) -> dict[str, list[str]]:
    """Take from each bucket a share of the budget; no text is taken twice.

    Args:
        buckets: Texts by bucket.
        max_bytes: Budget over all buckets.
        seed: Seed of the choice.

    Returns:
        The chosen texts by bucket, at most `max_bytes` in all (one text over per bucket).
    """
    sizes = {name: sum(len(t.encode()) for t in texts) for name, texts in buckets.items()}
    weights = {n: s**TEMPERATURE * EMPHASIS.get(n, 1.0) for n, s in sizes.items()}
    total = sum(weights.values())
    rng = random.Random(seed)
    chosen: dict[str, list[str]] = {}
    for name, texts in buckets.items():
        budget = max_bytes * weights[name] / total
        chosen[name] = _take(rng.sample(texts, len(texts)), budget)
    return chosen


def _take(texts: list[str], budget: float) -> list[str]:
    taken: list[str] = []
    for text in texts:
        if budget <= 0:
            break
        taken.append(text)
        budget -= len(text.encode())
    return taken
