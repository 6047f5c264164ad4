"""Text to token ids, with the end token in its place and truncation counted.

The end token is `<|endoftext|>`: Qwen3's pad token, not its `eos_token`. It is appended here, not by the tokenizer's
post-processor, because first-day files lack one; so it is never missing, never doubled, and survives truncation.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from embedrank.core.errors import CheckpointError

END_TOKEN = "<|endoftext|>"
# Upper bound of characters per token used to cut huge texts before tokenising; a text of longer tokens is read whole.
_CUT_CHARACTERS = 32
_CUT_MARGIN = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One token of a text.

    Attributes:
        id: Its id.
        text: As the vocabulary spells it.
        special: Whether it is no text, such as the end token.
        start: First character of the text it stands for.
        stop: The character after the last.
    """

    id: int
    text: str
    special: bool
    start: int
    stop: int


class TextTokenizer:
    """A Hugging Face `tokenizer.json`, read by the `tokenizers` library.

    Attributes:
        end_id: Id of the end token.
        size: Number of tokens.
    """

    def __init__(self, tokenizer: Tokenizer, *, source: Path | str = "tokenizer.json") -> None:
        """Wrap a tokenizer of the Qwen family.

        Args:
            tokenizer: Its padding and truncation are switched off.
            source: Where it came from, for errors.

        Raises:
            CheckpointError: If its vocabulary has no end token.
        """
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._plain = _without_added_tokens(tokenizer)
        self.size: int = tokenizer.get_vocab_size(with_added_tokens=True)
        end_id = tokenizer.token_to_id(END_TOKEN)
        if end_id is None:
            raise CheckpointError(source, f"the vocabulary has no {END_TOKEN}", hint="not a Qwen tokenizer?")
        self.end_id: int = end_id

    @classmethod
    def load(cls, folder: Path) -> TextTokenizer:
        """Read `tokenizer.json` of a model folder.

        Args:
            folder: The folder.

        Returns:
            The tokenizer.

        Raises:
            CheckpointError: If the file is missing, damaged or of another family.
        """
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise CheckpointError(folder, "tokenizer.json is missing")
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise CheckpointError(path, f"cannot be read: {error}") from error
        return cls(tokenizer, source=path)

    def encode(self, texts: Sequence[str], *, plain: bool = False) -> list[list[int]]:
        """Token ids without the end token.

        Args:
            texts: The texts.
            plain: Whether special tokens spelled in the text, and all others that are no part of the merges, such as
                `<think>`, are read as plain text.

        Returns:
            One list per text.
        """
        tokenizer = self._plain if plain else self._tokenizer
        encodings = tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def pieces(self, text: str, *, plain: bool = False, ended: bool = False) -> list[Piece]:
        """Tokens with the characters they stand for.

        Args:
            text: The text.
            plain: As in `encode`.
            ended: Whether the end token follows.

        Returns:
            One for each token.
        """
        encoding = (self._plain if plain else self._tokenizer).encode(text, add_special_tokens=False)
        added = self._tokenizer.get_added_tokens_decoder()
        pieces = [
            Piece(id=token, text=spelled, special=token in added and added[token].special, start=start, stop=stop)
            for token, spelled, (start, stop) in zip(encoding.ids, encoding.tokens, encoding.offsets, strict=True)
        ]
        end = Piece(id=self.end_id, text=END_TOKEN, special=True, start=len(text), stop=len(text))
        return [*pieces, end] if ended else pieces

    def decode(self, ids: Sequence[int], *, special: bool = False) -> str:
        """The text that token ids stand for.

        Args:
            ids: Token ids; those that are none are skipped.
            special: Whether special tokens are spelled; else they are left out.

        Returns:
            The text.
        """
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=not special)
        return text

    def encode_ended(
        self, texts: Sequence[str], *, max_length: int, plain: bool = False
    ) -> list[tuple[list[int], int]]:
        """Token ids that end with the end token, cut to a length.

        Args:
            texts: The texts.
            max_length: Largest number of ids, end token included, at least 1.
            plain: As in `encode`.

        Returns:
            For each text its ids and the number it would have had uncut. For texts much longer than the limit
            that number is estimated from the part that was tokenised.
        """
        front = self.encode_front(texts, num_tokens=max_length, plain=plain)
        return [self._end(tokens, max_length, num_uncut) for tokens, num_uncut in front]

    def encode_front(
        self, texts: Sequence[str], *, num_tokens: int, plain: bool = False
    ) -> list[tuple[list[int], int]]:
        """The first token ids of texts, without tokenising all of those that are very long.

        Args:
            texts: The texts.
            num_tokens: How many ids are needed of each.
            plain: As in `encode`.

        Returns:
            For each text at least so many ids, if it has them, and the number that it has in all, which is estimated
            where only a part was tokenised.
        """
        room = num_tokens * _CUT_CHARACTERS
        ids = self.encode([text[:room] if len(text) > room else text for text in texts], plain=plain)
        fronts = []
        for text, tokens in zip(texts, ids, strict=True):
            is_part = len(text) > room
            if is_part and len(tokens) < num_tokens + _CUT_MARGIN:
                tokens, is_part = self.encode([text], plain=plain)[0], False
            fronts.append((tokens, len(tokens) * len(text) // room if is_part else len(tokens)))
        return fronts

    def token_id(self, token: str) -> int | None:
        """Id of a token, or None where the vocabulary lacks it."""
        found: int | None = self._tokenizer.token_to_id(token)
        return found

    def files(self, *, post_processor: bool) -> dict[str, str]:
        """What a model folder needs to load this tokenizer elsewhere.

        Args:
            post_processor: Whether other libraries shall append the end token (embedders) or nothing (rerankers).

        Returns:
            File name to content.
        """
        content = json.loads(self._tokenizer.to_str())
        content["post_processor"] = _append(self.end_id) if post_processor else None
        tokenizer_config = {
            "tokenizer_class": "Qwen2Tokenizer",
            "model_max_length": 131072,
            "eos_token": "<|im_end|>",
            "pad_token": END_TOKEN,
            "clean_up_tokenization_spaces": False,
            "add_bos_token": False,
        }
        return {
            "tokenizer.json": json.dumps(content, ensure_ascii=False) + "\n",
            "tokenizer_config.json": json.dumps(tokenizer_config, indent=2) + "\n",
        }

    def _end(self, tokens: list[int], max_length: int, num_uncut: int) -> tuple[list[int], int]:
        if tokens and tokens[-1] == self.end_id and len(tokens) <= max_length:
            return tokens, num_uncut
        return [*tokens[: max_length - 1], self.end_id], num_uncut + 1


def _without_added_tokens(tokenizer: Tokenizer) -> Tokenizer:
    """The same merges, with no token that text could spell to be more than text."""
    content = json.loads(tokenizer.to_str())
    content.update(added_tokens=[], post_processor=None)
    return Tokenizer.from_str(json.dumps(content))


def _append(end_id: int) -> dict[str, object]:
    end = {"SpecialToken": {"id": END_TOKEN, "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    return {
        "type": "TemplateProcessing",
        "single": [text, end],
        "pair": [text, end, {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": END_TOKEN, "type_id": 1}}],
        "special_tokens": {END_TOKEN: {"id": END_TOKEN, "ids": [end_id], "tokens": [END_TOKEN]}},
    }
