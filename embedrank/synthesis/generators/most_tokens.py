"""The most tokens that a prompt can have, for any tokenizer."""

from __future__ import annotations

import json
from typing import Final

from embedrank.core.generation import GenerationRequest

_TEMPLATE_TOKENS: Final = 16  # role and separators of a message


def most_prompt_tokens(request: GenerationRequest) -> int:
    """Bound the tokens of a prompt from above, without its tokenizer.

    Args:
        request: What is asked.

    Returns:
        One token for each UTF-8 byte of messages and schema, which no byte-level tokenizer passes, and some for the
        chat template.
    """
    schema = "" if request.schema is None else json.dumps(request.schema)
    texts = [schema, *(message.content for message in request.messages)]
    return sum(len(text.encode("utf-8", "replace")) for text in texts) + _TEMPLATE_TOKENS * (len(request.messages) + 1)
