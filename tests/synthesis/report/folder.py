"""An output folder in the agreed format, with texts that would break a careless page."""

from __future__ import annotations

import json
from pathlib import Path

from embedrank.synthesis.report import RunFacts

EVIL = "<script>alert('x')</script> & \"<img src=https://example.com/a.png onerror=b()>\""
STAGES = ("configure", "generate", "schema", "language", "round_trip")
TOLD = RunFacts(
    passages=40,
    drafts=100,
    stages=STAGES,
    filters=STAGES[2:],
    asked={"kind": {"retrieval": 3, "sts": 1}, "query_type": {"keywords": 1, "summary": 1}, "length": {"2-5": 1}},
    generator="model <b>bold</b>",
    seconds=90.0,
    requests=200,
    cached=20,
    failed=3,
    prompt_tokens=10_000,
    completion_tokens=2_000,
    cost=0.5,
)


def wish(number: int) -> dict:
    if number % 4 == 3:
        return {"kind": "sts", "score": 0.4, "length": [2, 5]}
    query_type = "keywords" if number % 4 < 2 else "summary"
    return {
        "kind": "retrieval",
        "query_type": query_type,
        "length": [2, 5],
        **({"lang": "de"} if number % 8 == 0 else {}),
    }


def row(number: int) -> dict:
    task = wish(number)["kind"]
    text = {"query": f"what {EVIL} does {number}", "positives": [f"{EVIL} passage {number} " * 20]}
    extra = {"score": 0.4} if task == "sts" else {"negatives": [f"wrong {EVIL}"]}
    return {"task": task, "source": f"set {number % 2}", "lang": "de" if number % 8 == 0 else "en", **text, **extra}


def write_folder(folder: Path) -> Path:
    """60 kept rows and 40 dropped drafts."""
    rows, made, dropped = [], [], []
    for number in range(100):
        names = {"key": f"k{number}", "passage": f"p{number} {EVIL}", "wish": wish(number)}
        if number % 5 < 3:
            rows.append(row(number))
            facts = {"persona": f"a nurse {EVIL}", "query_type": wish(number).get("query_type")}
            figures = {"cosine": number / 100, "language_decided": number % 2, "round_trip_rank": number % 3 + 1}
            made.append({**names, "facts": facts, "generator": "g", "figures": figures})
        elif number % 5 == 3:
            stage, reason = ("configure", "timeout") if number < 50 else ("generate", f"no JSON {EVIL}")
            dropped.append({**names, "stage": stage, "reason": reason, "detail": f"saw {EVIL}"})
        else:
            dropped.append(
                {**names, "stage": "language", "reason": "wrong language", "detail": EVIL, "row": row(number)}
            )
    for name, records in (("rows", rows), ("made", made), ("dropped", dropped)):
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder
