"""Turn a teacher's vectors into what the student is taught: rotated, shortened, and shared with translations.

python recipes/nano/targets.py --student FOLDER --vectors FOLDER --out FOLDER --dim 304

The rotation is that of the principal directions of the longer texts, uncentred, so that cosines are kept and the first
numbers of a vector carry most of them: prefixes of the student's vectors are taught prefixes of these.
"""

import argparse
from pathlib import Path

import numpy as np
from rowmaking.reading import read_jsonl

from embedrank.core.types import FloatArray
from embedrank.training.taught import write_taught

SAMPLE = 80_000
LONG_CHARS = 30
BLOCK = 100_000


def rotation(vectors: FloatArray, lengths: np.ndarray, dim: int) -> FloatArray:
    """The first principal directions of a sample of the longer texts, `[dim of the teacher, dim]`."""
    longer = np.flatnonzero(lengths > LONG_CHARS)
    chosen = np.random.default_rng(0).choice(longer, min(SAMPLE, len(longer)), replace=False)
    sample = vectors[np.sort(chosen)].astype(np.float32)
    energy, directions = np.linalg.eigh(sample.T @ sample / len(sample))
    kept = {size: energy[::-1][:size].sum() / energy.sum() for size in (dim, 128, 64, 32)}
    print("energy kept: " + ", ".join(f"{share:.3f} in {size}" for size, share in kept.items()))
    return directions[:, ::-1][:, :dim].astype(np.float32)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--student", type=Path, required=True, help="what student_rows.py wrote")
    parser.add_argument("--vectors", type=Path, required=True, help="what teach.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dim", type=int, default=304)
    arguments = parser.parse_args()
    texts = list(map(str, read_jsonl(arguments.student / "texts.jsonl")))
    raw = np.load(arguments.vectors / "vectors.npy", mmap_mode="r")
    turn = rotation(raw, np.array([len(text) for text in texts]), arguments.dim)
    vectors = np.empty((len(raw), arguments.dim), dtype=np.float16)
    for start in range(0, len(raw), BLOCK):
        block = raw[start : start + BLOCK].astype(np.float32) @ turn
        vectors[start : start + BLOCK] = block / np.linalg.norm(block, axis=1, keepdims=True)
    places = {text: place for place, text in enumerate(texts)}
    for path in sorted((arguments.student / "rows").glob("*.jsonl")):
        for row in read_jsonl(path):
            if row["lang"] != "en":
                places.setdefault(row["query"], places[row["positives"][0]])
    write_taught(arguments.out, places, vectors)
    print(f"{len(places)} texts share {len(vectors)} vectors of {arguments.dim}")


if __name__ == "__main__":
    main()
