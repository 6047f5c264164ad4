"""How often token ids of one vocabulary pass for those of another: why ids are not read on the strength of one reading.

    python benchmarks/token_id_readings.py TOKENIZER_JSON_OR_GZ...

Texts of the bundled corpus are written in tiktoken's `cl100k_base` and read by each tokenizer named, and the other way
round; counted is how many of them give the same ids again. tiktoken needs its vocabulary's file (TIKTOKEN_CACHE_DIR).
"""

from __future__ import annotations

import gzip
import json
import sys
from importlib import resources
from pathlib import Path

import tiktoken
from tokenizers import Tokenizer

from embedrank.model.tokenizer import TextTokenizer
from embedrank.serving.token_ids.cl100k import Tiktoken
from embedrank.serving.token_ids.reading import CL100K, OwnVocabulary

WORDS = (1, 3, 5, 8, 12, 20, 40)


def main() -> None:
    """Count, and print a table for each tokenizer."""
    encoding = tiktoken.get_encoding(CL100K)
    foreign = Tiktoken(encoding)
    samples = {"queries": lines("queries")}
    documents = lines("corpus")
    samples |= {f"first {count} words": [" ".join(text.split()[:count]) for text in documents] for count in WORDS}
    for path in map(Path, sys.argv[1:]):
        tokenizer = TextTokenizer(Tokenizer.from_str(read(path)))
        own = OwnVocabulary(tokenizer)
        print(f"{path.name}: {own.size} tokens")
        for name, texts in samples.items():
            theirs = [encoding.encode(text, disallowed_special=()) for text in texts]
            as_own = sum(max(ids) < own.size and own.read(ids) is not None for ids in theirs)
            as_foreign = sum(foreign.read(ids) is not None for ids in tokenizer.encode(texts))
            print(f"  {name:15} {len(texts)} texts: cl100k read as own {as_own}, own read as cl100k {as_foreign}")


def lines(name: str) -> list[str]:
    """Texts of a file of the bundled corpus."""
    content = resources.files("embedrank").joinpath(f"data/demo/{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line)["text"] for line in content.splitlines()]


def read(path: Path) -> str:
    """A file, unpacked where it is packed."""
    return gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")


if __name__ == "__main__":
    main()
