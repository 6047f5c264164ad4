"""What a run tells its report."""

from __future__ import annotations

from typing import Final

from embedrank.synthesis.config import SynthesisConfig
from embedrank.synthesis.generators.usage import Usage
from embedrank.synthesis.pipeline import RunReport
from embedrank.synthesis.report import RunFacts
from embedrank.synthesis.work import stages_of

_ASKED: Final = ("kind", "query_type", "code_type", "length", "lang", "score")


def facts_of(config: SynthesisConfig, report: RunReport, usage: Usage) -> RunFacts:
    """The facts that the output files do not tell.

    Args:
        config: Settings of the run.
        report: How it ended.
        usage: What it took.

    Returns:
        The facts.
    """
    totals, stopped, plan = report.totals, report.stopped, config.plan
    asked = {name: dict(getattr(plan, name)) for name in _ASKED}
    if config.generator.reads_prose:
        asked["difficulty"] = dict(plan.difficulty)
    return RunFacts(
        passages=totals.passages,
        drafts=totals.drafts,
        stages=stages_of(config),
        filters=tuple(config.filters),
        asked=asked,
        generator=config.generator.name,
        seconds=totals.seconds,
        requests=totals.answers.get("answered", 0) + totals.answers.get("failed", 0),
        cached=totals.answers.get("cached", 0),
        failed=totals.answers.get("failed", 0),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost=usage.cost,
        stopped="" if stopped is None else f"{stopped.reason}: {stopped.detail}",
    )
