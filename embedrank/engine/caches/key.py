"""By what name a vector is kept."""

from __future__ import annotations

import hashlib

KEY_BYTES = 20


def cache_key(
    fingerprint: str, precision: str, max_length: str, *, dim: int, side: str, instruction: str | None, text: str
) -> bytes:
    """Hash everything that decides a vector.

    Args:
        fingerprint: Of the model: weights, tokenizer, pooling, prompts.
        precision: Number type of the weights.
        max_length: Longest text read, in tokens.
        dim: Numbers of the vector that is kept; shorter ones are cut from it.
        side: `query` or `document`.
        instruction: The task of a query; None for the model's own, which is not the same as an empty one.
        text: The text.

    Returns:
        20 bytes.
    """
    digest = hashlib.blake2b(digest_size=KEY_BYTES)
    task = "default" if instruction is None else "given " + instruction
    for part in (fingerprint, precision, max_length, str(dim), side, task, text):
        raw = part.encode("utf-8")
        digest.update(len(raw).to_bytes(8, "little"))  # so that no two lists of parts read alike
        digest.update(raw)
    return digest.digest()
