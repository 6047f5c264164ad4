"""A Hugging Face `tokenizer.json` as GGUF's vocabulary, and back again to check what was written.

Source: `get_vocab_base` of llama.cpp's convert_hf_to_gguf.py; the names of pre-tokenisers are those of llama-vocab.cpp.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers import Regex as Pattern

from embedrank.core.errors import CheckpointError
from embedrank.model.tokenizer import TextTokenizer

NORMAL, CONTROL, USER_DEFINED, UNUSED = 1, 3, 4, 5  # gguf.TokenType
_QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
PATTERNS: Mapping[str, str] = MappingProxyType({"qwen2": _QWEN2, "gpt-2": _GPT2})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What GGUF stores of a byte-level BPE tokenizer.

    Attributes:
        tokens: One a row of the token table, unused rows included.
        types: Their types.
        merges: Pairs, joined by a blank.
        pre: Name of the pre-tokeniser.
    """

    tokens: list[str]
    types: list[int]
    merges: list[str]
    pre: str

    @classmethod
    def of(cls, tokenizer: TextTokenizer, *, num_rows: int) -> Vocabulary:
        """Take a tokenizer apart.

        Args:
            tokenizer: The tokenizer.
            num_rows: Rows of the token table; those without a token are marked unused.

        Returns:
            The vocabulary.

        Raises:
            CheckpointError: If llama.cpp has no pre-tokeniser that splits like this one.
        """
        content = json.loads(tokenizer.files(post_processor=False)["tokenizer.json"])
        tokens = [f"[PAD{row}]" for row in range(num_rows)]
        types = [UNUSED] * num_rows
        for token, row in content["model"]["vocab"].items():
            tokens[row], types[row] = token, NORMAL
        for added in content["added_tokens"]:
            special = added["special"] or (added["content"].startswith("<|") and added["content"].endswith("|>"))
            tokens[added["id"]], types[added["id"]] = added["content"], CONTROL if special else USER_DEFINED
        merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in content["model"]["merges"]]
        return cls(tokens=tokens, types=types, merges=merges, pre=_pre_tokenizer(content["pre_tokenizer"]))

    def tokenizer(self) -> TextTokenizer:
        """The vocabulary as a tokenizer, built from nothing else."""
        rows = {token: row for row, token in enumerate(self.tokens)}
        left_right = [(left, right) for left, _, right in (merge.partition(" ") for merge in self.merges)]
        rebuilt = Tokenizer(models.BPE(vocab=rows, merges=left_right))
        rebuilt.normalizer = normalizers.NFC()
        rebuilt.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Pattern(PATTERNS[self.pre]), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
        rebuilt.decoder = decoders.ByteLevel()
        _add(rebuilt, self.tokens, self.types)
        return TextTokenizer(rebuilt, source="the GGUF file")


def _add(tokenizer: Tokenizer, tokens: Sequence[str], types: Sequence[int]) -> None:
    for row, (token, kind) in enumerate(zip(tokens, types, strict=True)):
        if kind in (CONTROL, USER_DEFINED):
            tokenizer.add_tokens([AddedToken(token, normalized=False, special=kind == CONTROL)])
            found = tokenizer.token_to_id(token)
            if found != row:
                raise CheckpointError("the GGUF file", f"token {token!r} is row {row} there and {found} when read back")


def _pre_tokenizer(content: Mapping[str, Any]) -> str:
    parts = content.get("pretokenizers", [content])
    patterns = {part["pattern"].get("Regex") for part in parts if part["type"] == "Split"}
    if not patterns and [part["type"] for part in parts] == ["ByteLevel"] and parts[0].get("use_regex", True):
        return "gpt-2"
    for name, pattern in PATTERNS.items():
        if patterns == {pattern}:
            return name
    raise CheckpointError(
        "tokenizer.json", "llama.cpp has no pre-tokeniser like this one", hint=f"known here: {', '.join(PATTERNS)}"
    )
