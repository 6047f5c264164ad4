"""Rows that a teacher of English can teach in: translations, dictionary words, and English texts with their parts.

python recipes/nano/student_rows.py --data DATA --rows ROWS --machine FOLDER --out FOLDER

`--rows` is what `rows.py` wrote, `--machine` what `machine_texts.py` wrote. Writes `rows/SOURCE.jsonl` (training rows,
English on the side of the positive), `texts.jsonl` (English texts for `teach.py`), and prints counts. Whatever repeats
a text of an evaluation split is left out and counted.
"""

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from rowmaking.contamination import EvalTexts, collect_eval_texts
from rowmaking.reading import read_jsonl
from rowmaking.row import Row, tidy_prose
from rowmaking.supervised import train_queries_by_lang, train_records

BITEXT_SETS = ("flores_sib", "python_docs_bitext", "codexglue_docs")
# Rows whose queries and positives are English or code: the teacher reads both sides.
ENGLISH_ROWS = (
    "squadshifts_wiki", "afriqa_pivot", "medquad", "pubmedqa", "docstring_mined", "humaneval_mbpp", "nl2bash",
    "python_apidocs", "weak_crop_squadshifts_wiki", "weak_crop_afriqa", "weak_crop_pubmedqa", "weak_crop_medquad",
    "weak_code_comment",
)  # fmt: skip
MOST_OF_A_SOURCE = 9_000  # texts taught of a weak source
TLDR_PER_LANG = 2_500
MAX_CHARS = 700
LEAST_WORDS = 12  # an English text that is long enough to be found by its beginning
_SENTENCE = re.compile(r"(?<=[.!?;:]) ")


def bitext(data: Path) -> Iterator[Row]:
    """Yield (translation, English) of the open bitext sets."""
    for name in BITEXT_SETS:
        for record in train_records(data / name):
            yield _row(name, str(record["sentence1"]), str(record["sentence2"]), str(record["lang"]))


def described_commands(data: Path) -> Iterator[Row]:
    """Yield (description in a language, the same in English) of commands that training queries ask for."""
    texts = train_queries_by_lang(data / "tldr")
    taken: Counter[str] = Counter()
    for key, english in sorted(texts["en"].items(), key=lambda item: random.Random(item[0]).random()):
        for lang, of_lang in texts.items():
            if lang != "en" and key in of_lang and taken[lang] < TLDR_PER_LANG:
                taken[lang] += 1
                yield _row("tldr_descriptions", of_lang[key], english, lang)


def machine_pairs(folder: Path) -> Iterator[Row]:
    """Yield (translation, English) of what was found on the machine; words of a language are one source."""
    for record in read_jsonl(folder / "pairs.jsonl"):
        source, lang = str(record["source"]), re.split("[-_@]", str(record["lang"]))[0]
        is_word = source.startswith("freedict") or source in ("edict", "cc-cedict")
        yield _row(f"words_{lang}" if is_word else source, str(record["text"]), str(record["english"]), lang)


def english_parts(folder: Path) -> Iterator[Row]:
    """Yield (first sentence or half, text) of English texts."""
    for record in read_jsonl(folder / "english.jsonl"):
        text = str(record["english"])
        first = _SENTENCE.split(text)[0]
        words = text.split()
        if first == text:
            first = " ".join(words[: len(words) // 2])
        if len(words) >= LEAST_WORDS or (record["source"] == "wordnet" and ": " in text):
            yield _row(f"english_{record['source']}", first, text, "en")


def taught_of(rows: Path) -> Iterator[str]:
    """Yield the English texts of rows made earlier."""
    for name in ENGLISH_ROWS:
        made = list(read_jsonl(rows / f"{name}.jsonl"))
        if name.startswith("weak") and len(made) > MOST_OF_A_SOURCE:
            made = random.Random(name).sample(made, MOST_OF_A_SOURCE)
        for row in made:
            if row["lang"] == "en" or name not in ("weak_crop_afriqa", "afriqa_pivot"):
                yield row["query"]
                yield row["positives"][0]


def _row(source: str, query: str, positive: str, lang: str) -> Row:
    query, positive = tidy_prose(query)[:MAX_CHARS], tidy_prose(positive)[:MAX_CHARS]
    return Row(task="bitext", instruction="", query=query, positives=[positive], negatives=[], source=source, lang=lang)


def kept(rows: Iterable[Row], seen: EvalTexts, dropped: Counter[str]) -> Iterator[Row]:
    """Leave out empty rows, copies, and what an evaluation split uses."""
    pairs: set[int] = set()
    for row in rows:
        query, positive = row["query"], row["positives"][0]
        if not query or not positive or query == positive:
            dropped[f"{row['source']}: empty or the same"] += 1
        elif seen.holds(query) or seen.holds(positive):
            dropped[f"{row['source']}: in an evaluation split"] += 1
        elif (key := hash((query, positive))) in pairs:
            dropped[f"{row['source']}: again"] += 1
        else:
            pairs.add(key)
            yield row


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "rows", "machine", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    arguments = parser.parse_args()
    seen, dropped = collect_eval_texts(arguments.data), Counter[str]()
    groups: dict[str, list[Row]] = defaultdict(list)
    for make in (bitext(arguments.data), described_commands(arguments.data), machine_pairs(arguments.machine),
                 english_parts(arguments.machine)):  # fmt: skip
        for row in kept(make, seen, dropped):
            groups[row["source"]].append(row)
    folder = arguments.out / "rows"
    folder.mkdir(parents=True, exist_ok=True)
    texts: dict[str, None] = {}
    for source, rows in sorted(groups.items()):
        with (folder / f"{source}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        texts.update((row["positives"][0], None) for row in rows)
        print(f"{source:28} {len(rows):8}")
    texts.update((text, None) for text in taught_of(arguments.rows))
    with (arguments.out / "texts.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
    print(f"{len(texts)} English texts to teach; left out: {json.dumps(dict(sorted(dropped.items())))}")


if __name__ == "__main__":
    main()
