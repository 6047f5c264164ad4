"""Drops rows that a language model, asked with a rubric, does not find good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedrank.core.errors import ConfigError, GeneratorStoppedError
from embedrank.core.generation import Failure, Outcome
from embedrank.core.protocols import TextGenerator
from embedrank.synthesis.draft import Draft
from embedrank.synthesis.filters.bounds import check_whole, check_within
from embedrank.synthesis.filters.filter import Verdict, drop, keep
from embedrank.synthesis.filters.needs import FilterNeeds
from embedrank.synthesis.filters.rubric import BEST, WORST, Rubric, grades_in, judge_request, rubric_for
from embedrank.synthesis.filters.stateless import row_of


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeConfig:
    """How good a row has to be.

    Attributes:
        min_grade: Least grade of every single criterion, 1..5.
        min_mean: Least mean of all grades, 1..5.
        max_chars: Longer texts are cut to this before the judge sees them.
    """

    min_grade: int = 3
    min_mean: float = 3.5
    max_chars: int = 4000

    def __post_init__(self) -> None:
        check_whole("filters.judge", {"min_grade": self.min_grade, "max_chars": self.max_chars}, least=1)
        check_within("filters.judge", {"min_grade": self.min_grade, "min_mean": self.min_mean}, WORST, BEST)


class JudgeFilter:
    """Looks at rows of every task that has a rubric (`data/synthesis/filters/judge.json`); others pass."""

    name = "judge"

    def __init__(self, config: JudgeConfig, needs: FilterNeeds) -> None:
        """Take the judge.

        Args:
            config: How good a row has to be.
            needs: A generator.

        Raises:
            ConfigError: If there is none.
        """
        if needs.generator is None:
            raise ConfigError("filters", self.name, None, "needs a language model, and none was given")
        self._config = config
        self._generator: TextGenerator = needs.generator

    def judge(self, drafts: Sequence[Draft]) -> list[Verdict]:
        """Ask about all rows at once.

        Args:
            drafts: With rows.

        Returns:
            One verdict a draft; a row without a readable answer is dropped.

        Raises:
            GeneratorStoppedError: If the generator answers no more for now.
        """
        verdicts = [keep() for _ in drafts]
        asked = [
            (place, rubric) for place, draft in enumerate(drafts) if (rubric := rubric_for(row_of(draft))) is not None
        ]
        requests = [
            judge_request(drafts[place], row_of(drafts[place]), rubric, max_chars=self._config.max_chars)
            for place, rubric in asked
        ]
        outcomes = self._generator.generate(requests) if requests else []
        for (place, rubric), outcome in zip(asked, outcomes, strict=True):
            verdicts[place] = self._verdict(outcome, rubric)
        return verdicts

    def remember(self, drafts: Sequence[Draft]) -> None:
        """Nothing to remember."""

    def _verdict(self, outcome: Outcome, rubric: Rubric) -> Verdict:
        if isinstance(outcome, Failure):
            if not outcome.is_final:
                raise GeneratorStoppedError(self._generator.name, reason=outcome.reason, detail=outcome.detail)
            return drop("judge gave no answer", outcome.reason)
        grades = grades_in(outcome.text, rubric)
        if grades is None:
            return drop("judge's answer is unreadable", outcome.text[:200])
        figures = {f"judge_{name}": float(grade) for name, grade in grades.items()}
        low = [f"{name} {grade}" for name, grade in grades.items() if grade < self._config.min_grade]
        if low:
            return drop("judged bad", ", ".join(low), **figures)
        mean = sum(grades.values()) / len(grades)
        if mean < self._config.min_mean:
            return drop("judged mediocre", f"mean {mean:.2f}", **figures)
        return keep(**figures)
