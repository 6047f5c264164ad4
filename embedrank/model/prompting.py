"""What an embedder puts before queries and documents, read from `config_sentence_transformers.json`.

Source: https://www.sbert.net/docs/package_reference/sentence_transformer/SentenceTransformer.html (prompts)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from embedrank.core.errors import CheckpointError
from embedrank.core.prompts import DEFAULT_QUERY_INSTRUCTION, format_query

FILE = "config_sentence_transformers.json"
_INSTRUCTED = re.compile(r"Instruct: (.*)\nQuery:", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPolicy:
    """Prefixes of the two sides.

    Attributes:
        query_prefix: Before a query for which no instruction is given.
        document_prefix: Before a document; official models have none.
    """

    query_prefix: str = format_query("", DEFAULT_QUERY_INSTRUCTION)
    document_prefix: str = ""

    @classmethod
    def load(cls, folder: Path) -> PromptPolicy:
        """Read a model folder's prompts.

        Args:
            folder: The folder; where it has no prompts file, the official defaults hold.

        Returns:
            The policy.

        Raises:
            CheckpointError: If the file is damaged.
        """
        path = folder / FILE
        if not path.is_file():
            return cls()
        try:
            prompts = json.loads(path.read_text(encoding="utf-8")).get("prompts") or {}
        except (OSError, ValueError, AttributeError) as error:
            raise CheckpointError(path, f"cannot be read: {error}") from error
        return cls(query_prefix=prompts.get("query", cls().query_prefix), document_prefix=prompts.get("document", ""))

    @property
    def default_instruction(self) -> str | None:
        """The task in the query prefix, or None where queries are read raw or with another kind of prefix."""
        match = _INSTRUCTED.fullmatch(self.query_prefix)
        return match.group(1) if match else None

    def query(self, text: str, instruction: str | None) -> str:
        """A query as the model reads it.

        Args:
            text: The query.
            instruction: None for the model's own prefix, an empty string for none, else a task.

        Returns:
            The prefixed query.
        """
        return self.query_prefix + text if instruction is None else format_query(text, instruction)

    def document(self, text: str) -> str:
        """A document as the model reads it."""
        return self.document_prefix + text
