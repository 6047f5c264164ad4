"""The one place where the query instruction and the reranker template are spelled, to the byte.

Training, inference, evaluation and servers all call it.

Source: model cards of Qwen3-Embedding and Qwen3-Reranker; evaluation code of the report (arXiv 2506.05176) for the
`report` template and its default instruction.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from embedrank.core.errors import ConfigError

DEFAULT_QUERY_INSTRUCTION: Final = "Given a web search query, retrieve relevant passages that answer the query"
REPORT_RERANK_INSTRUCTION: Final = "Given the user query, retrieval the relevant passages"


def format_query(query: str, instruction: str | None = DEFAULT_QUERY_INSTRUCTION) -> str:
    r"""Put the task in front of a query, as the embedders were trained to read it.

    Args:
        query: The query text.
        instruction: The task in one English sentence; None or empty leaves the query raw.

    Returns:
        `Instruct: {instruction}\nQuery:{query}`, without a space after `Query:`.

    Source:
        https://huggingface.co/Qwen/Qwen3-Embedding-0.6B (model card, get_detailed_instruct)
    """
    if not instruction:
        return query
    return f"Instruct: {instruction}\nQuery:{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankTemplate:
    """A reranker prompt in three parts that are tokenised separately and joined.

    Attributes:
        name: Key in `RERANK_TEMPLATES`.
        prefix: System turn and the opening of the user turn.
        separator: What stands between instruction, query and document.
        suffix: Closing of the user turn and the empty thought; nothing may follow it.
        instruction: Default instruction.
    """

    name: str
    prefix: str
    separator: str
    suffix: str
    instruction: str

    def question(self, query: str, instruction: str | None = None) -> str:
        """The part before the document: the same for all documents of one call."""
        task = self.instruction if instruction is None else instruction
        return f"<Instruct>: {task}{self.separator}<Query>: {query}{self.separator}<Document>: "

    def middle(self, query: str, document: str, instruction: str | None = None) -> str:
        """The whole user turn as one string."""
        return self.question(query, instruction) + document

    def prompt(self, query: str, document: str, instruction: str | None = None) -> str:
        """The whole prompt as one string."""
        return self.prefix + self.middle(query, document, instruction) + self.suffix


_PREFIX: Final = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct "
    'provided. Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
_SUFFIX: Final = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"

RERANK_TEMPLATES: Final = MappingProxyType(
    {
        "default": RerankTemplate(
            name="default", prefix=_PREFIX, separator="\n", suffix=_SUFFIX, instruction=DEFAULT_QUERY_INSTRUCTION
        ),
        "report": RerankTemplate(
            name="report", prefix=_PREFIX, separator="\n\n", suffix=_SUFFIX, instruction=REPORT_RERANK_INSTRUCTION
        ),
    }
)


def rerank_template(name: str = "default") -> RerankTemplate:
    """Look a template up by name.

    Args:
        name: `default` (model card and most servers) or `report` (the published evaluation).

    Returns:
        The template.

    Raises:
        ConfigError: If there is no template of that name.
    """
    if name not in RERANK_TEMPLATES:
        raise ConfigError("prompts", "template", name, f"must be one of {', '.join(RERANK_TEMPLATES)}")
    return RERANK_TEMPLATES[name]
