"""What the output files of a run do not tell, and its report needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What only the run itself knows.

    Attributes:
        passages: Passages read.
        drafts: Rows that the plan wanted of them, one draft each.
        stages: Names of all steps, then of all filters, in the order in which drafts went through them.
        filters: Those of `stages` that are filters.
        asked: Weights that the plan gives to values, by dimension: `kind`, `query_type`, `code_type`, `difficulty`,
            `length`, `lang`, `score`. A length is spelled `from-to`; the language `same` is that of the passage.
        generator: Name of the generator.
        seconds: Wall time, of all parts of a run that was interrupted.
        requests: Requests answered, cached ones included.
        cached: Requests that the cache answered.
        failed: Requests that came to nothing.
        prompt_tokens: Tokens read by the generator.
        completion_tokens: Tokens written by it.
        cost: Money spent.
        currency: What the cost is counted in.
        stopped: Why the run ended before its end, or an empty string.
    """

    passages: int
    drafts: int
    stages: tuple[str, ...]
    filters: tuple[str, ...]
    asked: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    generator: str = ""
    seconds: float = 0.0
    requests: int = 0
    cached: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    currency: str = "USD"
    stopped: str = ""
