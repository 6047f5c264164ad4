"""Train the byte-level BPE tokenizer of the bundled models, in the form of Qwen3's.

Usage: python recipes/nano/tokenizer.py --rows ROWS_FOLDER --out FOLDER [--vocab-size 24576]
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from rowmaking.reading import read_jsonl
from rowmaking.tokenizer_sample import balanced_sample, read_buckets
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

HERE = Path(__file__).parent
END, PAD = "<|im_end|>", "<|endoftext|>"
# Source: the Qwen3 tokenizer; one digit a token, letters with one leading mark.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
MUST_BE_ONE_TOKEN = ("yes", "no", "Instruct", "Query", "Document", " Query", " Document")
SEED_REPEATS = 4000  # how often the prompt strings are counted: enough to win their merges
MAX_TOKEN_BYTES = 36


def read_added_tokens() -> list[AddedToken]:
    """Return the 26 added tokens of Qwen3, in its order and with its flags."""
    table = json.loads((HERE / "added_tokens.json").read_text())
    return [AddedToken(t["content"], special=t["special"], normalized=False) for t in table]


def untrained() -> Tokenizer:
    """Build a tokenizer with Qwen3's normaliser, split and decoder and no vocabulary."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    split = pre_tokenizers.Split(Regex(SPLIT), behavior="isolated", invert=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def finish(tokenizer: Tokenizer) -> None:
    """Add Qwen3's tokens at the end of the vocabulary and append the end token to every text."""
    for token in read_added_tokens():
        add = tokenizer.add_special_tokens if token.special else tokenizer.add_tokens
        add([token])
    byte_level = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    template = processors.TemplateProcessing(
        single=f"$A {PAD}",
        pair=f"$A $B:1 {PAD}:1",
        special_tokens=[(PAD, tokenizer.token_to_id(PAD))],
    )
    tokenizer.post_processor = processors.Sequence([byte_level, template])


def train(texts: Iterator[str], *, vocab_size: int) -> Tokenizer:
    """Train on texts.

    Args:
        texts: Training texts.
        vocab_size: Size with all added tokens; a multiple of 64.

    Returns:
        The finished tokenizer.

    Raises:
        ValueError: `vocab_size` is no multiple of 64 or not reached, or a word of the prompts is not one token.
    """
    if vocab_size % 64:
        raise ValueError(f"vocab_size {vocab_size} is not a multiple of 64")
    tokenizer = untrained()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size - len(read_added_tokens()),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        max_token_length=MAX_TOKEN_BYTES,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer=trainer)
    finish(tokenizer)
    check(tokenizer, vocab_size=vocab_size)
    return tokenizer


def seed_texts(rows: Path) -> list[str]:
    """Return the strings of the prompt templates and the instructions of the rows."""
    seeds = (HERE / "tokenizer_seed.txt").read_text(encoding="utf-8").splitlines()
    instructions: dict[str, None] = {}
    for path in sorted(rows.glob("*.jsonl")):
        instructions.update((str(row["instruction"]), None) for row in read_jsonl(path))
    return seeds + [f"Instruct: {text}\nQuery:" for text in instructions]


def check(tokenizer: Tokenizer, *, vocab_size: int) -> None:
    """Verify what the models rely on.

    Raises:
        ValueError: A needed word is not one token, a text does not come back, or ids are off.
    """
    for word in MUST_BE_ONE_TOKEN:
        if len(tokenizer.encode(word, add_special_tokens=False).ids) != 1:
            raise ValueError(f"{word!r} is not one token")
    if (end := tokenizer.get_vocab_size()) != vocab_size:
        raise ValueError(f"only {end} of {vocab_size} tokens: too little text")
    contents = [token.content for token in read_added_tokens()]
    ids = [tokenizer.token_to_id(text) for text in contents]
    if ids != list(range(end - len(contents), end)):
        raise ValueError(f"added tokens are not the last of the vocabulary: {ids}")
    for text in ("Hello, 世界! 1234\n\tx = f(y)  # ok", "สวัสดี שלום 繁體 ١٢ 🙂 \x00\x7f"):
        if tokenizer.decode(tokenizer.encode(text).ids) != text:
            raise ValueError(f"{text!r} does not round-trip")


def save(tokenizer: Tokenizer, out: Path) -> None:
    """Write tokenizer.json and the configuration that `transformers` reads."""
    out.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    decoder = {
        str(tokenizer.token_to_id(t.content)): {
            "content": t.content,
            "lstrip": False,
            "normalized": False,
            "rstrip": False,
            "single_word": False,
            "special": t.special,
        }
        for t in read_added_tokens()
    }
    config = {
        "add_bos_token": False,
        "add_prefix_space": False,
        "added_tokens_decoder": decoder,
        "additional_special_tokens": [t.content for t in read_added_tokens() if t.special][1:],
        "bos_token": None,
        "clean_up_tokenization_spaces": False,
        "eos_token": END,
        "errors": "replace",
        "model_max_length": 131072,
        "pad_token": PAD,
        "split_special_tokens": False,
        "tokenizer_class": "Qwen2Tokenizer",
        "unk_token": None,
    }
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def print_rates(tokenizer: Tokenizer, buckets: dict[str, list[str]]) -> None:
    """Print tokens per character for each bucket, over its first thousand texts."""
    for name, texts in buckets.items():
        chars = sum(len(text) for text in texts[:1000])
        encoded = tokenizer.encode_batch(texts[:1000], add_special_tokens=False)
        rate = sum(len(e.ids) for e in encoded) / max(chars, 1)
        print(f"{name:>10}  {rate:.3f} tokens/char  {sum(map(len, texts)) / 1e6:.2f} M chars sampled")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=Path, required=True, help="folder of training rows")
    parser.add_argument("--out", type=Path, required=True, help="folder for the tokenizer")
    parser.add_argument("--vocab-size", type=int, default=24576)
    parser.add_argument("--max-megabytes", type=float, default=45.0, help="training sample")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    max_bytes = int(arguments.max_megabytes * 1e6)
    sample = balanced_sample(read_buckets(arguments.rows), max_bytes=max_bytes, seed=arguments.seed)
    texts = [text for part in sample.values() for text in part]
    seeds = seed_texts(arguments.rows) * SEED_REPEATS
    tokenizer = train(iter(texts + seeds), vocab_size=arguments.vocab_size)
    save(tokenizer, arguments.out)
    print_rates(tokenizer, sample)


if __name__ == "__main__":
    main()
