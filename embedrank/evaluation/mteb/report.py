"""Scores of many tasks as one object: means, prompts, and what a reader has to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from embedrank.evaluation.mteb.run import TaskScore
from embedrank.evaluation.mteb.task_prompt import TaskPrompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """The means that leaderboards show, over the tasks that were run.

    Attributes:
        mean_task: Over tasks.
        mean_type: Over the means of the types.
        by_type: Type of task to mean.
    """

    mean_task: float
    mean_type: float
    by_type: Mapping[str, float]

    def as_json(self) -> dict[str, object]:
        """The same as plain values."""
        return {"mean_task": self.mean_task, "mean_type": self.mean_type, "by_type": dict(self.by_type)}


def means(scores: Sequence[TaskScore]) -> Means:
    """Average main scores.

    Args:
        scores: At least one task.

    Returns:
        The means.
    """
    kinds = dict.fromkeys(score.kind for score in scores)
    by_type = {kind: fmean(score.main_score for score in scores if score.kind == kind) for kind in kinds}
    return Means(
        mean_task=fmean(score.main_score for score in scores), mean_type=fmean(by_type.values()), by_type=by_type
    )


def report_json(
    systems: Mapping[str, Sequence[TaskScore]],
    prompts: Mapping[str, TaskPrompt],
    *,
    settings: Mapping[str, object],
    results: Mapping[str, str],
) -> dict[str, object]:
    """The report as one object: the last system's means on top, all systems below.

    Args:
        systems: Name of a system, such as `dense+rerank`, to its scores.
        prompts: Task name to what was put before its texts.
        settings: How it was run.
        results: Name of a system to the folder that holds its results in mteb's submission format.

    Returns:
        Values that `json.dumps` takes.
    """
    name = list(systems)[-1]
    return {
        "system": name,
        **means(systems[name]).as_json(),
        "systems": {
            system: {
                **means(scores).as_json(),
                "results": results[system],
                "tasks": {row.task: _row(row) for row in scores},
            }
            for system, scores in systems.items()
        },
        "prompts": {task: prompt.as_json() for task, prompt in prompts.items()},
        "without_own_prompt": without_own_prompt(prompts),
        "settings": dict(settings),
    }


def without_own_prompt(prompts: Mapping[str, TaskPrompt]) -> list[str]:
    """Tasks whose instruction was not written for them."""
    return [task for task, prompt in prompts.items() if not prompt.is_own]


def notes(systems: Mapping[str, Sequence[TaskScore]], prompts: Mapping[str, TaskPrompt]) -> list[str]:
    """What a reader of the figures must know.

    Args:
        systems: Name of a system to its scores.
        prompts: Task name to what was put before its texts.

    Returns:
        One sentence each; empty where every task had its own prompt, every text was read whole and nothing was there.
    """
    lines = []
    if general := without_own_prompt(prompts):
        lines.append(f"{len(general)} of {len(prompts)} tasks have no prompt of their own: {', '.join(general)}")
    for system, scores in systems.items():
        if cut := {score.task: score.num_truncated for score in scores if score.num_truncated}:
            told = ", ".join(f"{task} {count}" for task, count in cut.items())
            lines.append(f"{system}: texts longer than the model reads were cut: {told}")
        if there := sum(score.was_there for score in scores):
            lines.append(f"{system}: {there} of {len(scores)} tasks were finished by an earlier run")
        if len(scores) < len(prompts):
            left = [task for task in prompts if task not in {score.task for score in scores}]
            lines.append(f"{system}: {len(left)} tasks rank no documents and were left out: {', '.join(left)}")
    return lines


def _row(score: TaskScore) -> dict[str, object]:
    return {
        "type": score.kind,
        "metric": score.metric,
        "main_score": score.main_score,
        "num_texts": score.num_texts,
        "num_truncated": score.num_truncated,
        "was_there": score.was_there,
        "scores": dict(score.scores),
    }
