"""What vectors are for decides how texts are read, unless the client knows better."""

import asyncio

import pytest

from embedrank.evaluation.instructions import instructions
from embedrank.serving.tasks import TASKS, prompting_of


class Reads:
    """A service whose model reads instructions, or does not."""

    def __init__(self, reads):
        self._reads = reads

    async def reads_instructions(self, model):
        return self._reads


def prompting(task, *, reads=True, instruction=None):
    return asyncio.run(prompting_of(task, Reads(reads), model=None, instruction=instruction))


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_has_a_side_and_an_instruction_that_is_known(task):
    side, kind = TASKS[task]
    found = prompting(task)
    assert found.side == side
    assert found.instruction == (instructions()["tasks"][kind] if kind else None)


def test_a_model_that_reads_its_texts_raw_gets_no_instruction():
    assert prompting("clustering", reads=False).instruction is None


def test_the_clients_own_instruction_wins():
    assert prompting("clustering", instruction="Judge").instruction == "Judge"
