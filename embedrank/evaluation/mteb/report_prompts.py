"""Protocol `report`: as the run that was published, which put the instruction before candidates too.

The instructions themselves stay in mteb, which carries the published list under a model of its registry:
`report_prompts.json` names it, the instructions that go by type, names under which a task stands in the list, and the
types whose documents are raw. FollowIR's tasks are among these: they were retrieval tasks when the run was made.

Source: arXiv 2506.05176, evaluation settings; mteb (Apache-2.0), models/model_implementations/tarka_models.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import mteb
from mteb.abstasks.abstask import AbsTask

from embedrank.evaluation.mteb.library_prompts import own_instruction
from embedrank.evaluation.mteb.side import DOCUMENT, instructed
from embedrank.evaluation.mteb.task_prompt import TaskPrompt

Instructions: TypeAlias = Mapping[str, str | Mapping[str, str]]


def report_prompt(task: AbsTask) -> TaskPrompt:
    """The published instruction on the sides where the published run put it.

    Args:
        task: The task.

    Returns:
        The prompt; the task's own in mteb, or its kind's, where nothing was published for it.
    """
    rules, kind = _rules(), task.metadata.type
    if by_type := rules["by_type"].get(kind):
        side = instructed(by_type)
        return TaskPrompt(query=side, document=side, symmetric=side, source=f"the report, for {kind}", is_own=True)
    published = _published(task.metadata.name)
    if published is None:
        instruction, is_own = own_instruction(task)
        source = "the task in mteb" if is_own else f"mteb's prompt for all tasks like it ({kind})"
    else:
        instruction, is_own, source = published.get("query", ""), True, "the published run's list"
    side = instructed(instruction)
    document = DOCUMENT if kind in rules["raw_documents"] else side
    if published is not None and "passage" in published:
        document = instructed(published["passage"])
    return TaskPrompt(query=side, document=document, symmetric=side, source=source, is_own=is_own)


@cache
def published_instructions() -> Instructions:
    """The published list: task name to instruction, or to one for each side; empty where this mteb has none."""
    try:
        meta = mteb.get_model_meta(_rules()["carried_by"], fetch_from_hf=False)
    except KeyError:
        return {}
    found: Instructions = meta.loader_kwargs.get("prompts_dict", {})
    return found


def _published(name: str) -> Mapping[str, str] | None:
    for key in (name, _rules()["listed_as"].get(name, name), re.sub(r"\.v\d+$", "", name)):
        found = published_instructions().get(key)
        if found:
            return {"query": found} if isinstance(found, str) else found
    return None


@cache
def _rules() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("report_prompts.json").read_text(encoding="utf-8")
    rules: dict[str, Any] = json.loads(text)
    return rules
