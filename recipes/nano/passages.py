"""Passages for synthesis: documents that no evaluation query of any set points to.

python recipes/nano/passages.py --data DATA --set squadshifts_wiki --set drcd --out FOLDER [--most 3000]
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from rowmaking.contamination import collect_eval_texts
from rowmaking.reading import is_open, read_licences
from rowmaking.row import MAX_DOCUMENT_CHARS, cut, tidy_prose
from rowmaking.source import TEST_ONLY
from rowmaking.weak import free_documents

LANGUAGES = {"drcd": "zh-Hant", "squadshifts_wiki": "en", "medquad": "en", "arcd": "ar", "jaquad": "ja"}


def main() -> None:
    """Read the sets, write `passages.jsonl`, tell what was left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--set", action="append", required=True, dest="sets", help="BEIR set; again for more")
    parser.add_argument("--most", type=int, help="passages of a set at most, drawn by lot")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    licences = read_licences(arguments.data)
    eval_texts = collect_eval_texts(arguments.data)
    with (arguments.out / "passages.jsonl").open("w", encoding="utf-8") as file:
        for name in arguments.sets:
            if name in TEST_ONLY or not is_open(licences.get(name, "")):
                raise SystemExit(f"{name} is not open, or for testing only")
            documents, num_left_out = free_documents(arguments.data / name, eval_texts)
            if arguments.most is not None and len(documents) > arguments.most:
                documents = random.Random(name).sample(documents, arguments.most)
            for document in documents:
                text = cut(tidy_prose(str(document["text"])), MAX_DOCUMENT_CHARS)
                lang = str(document.get("lang") or LANGUAGES.get(name) or "") or None
                title = str(document.get("title") or "")
                row = {"_id": f"{name}:{document['_id']}", "title": title, "text": text, "source": name, "lang": lang}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            print(f"{name}: {len(documents)} passages, {num_left_out} left out for evaluation")


if __name__ == "__main__":
    main()
