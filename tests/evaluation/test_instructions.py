import pytest

from embedrank.core.errors import ConfigError
from embedrank.evaluation.instructions import Prompting, instructions, prompting_for
from embedrank.evaluation.tasks.registry import TASKS


def choose(name="x", task="sts", **more):
    return prompting_for(name, task, **{"protocol": "report", "given": None, "model_default": "search", **more})


def test_what_the_user_gives_wins_even_if_it_is_nothing():
    for given in ("mine", ""):
        found = choose("sick", given=given)
        assert (found.instruction, found.source) == (given, "given")


def test_a_set_has_its_own_instruction_and_else_that_of_its_task_which_is_told():
    assert choose("nl2bash", "retrieval").source == "set"
    found = choose("unheard_of")
    assert found.instruction == "Retrieve semantically similar text"
    assert found.notes("unheard_of") == ["no instruction is known for unheard_of; that of its kind of task was used"]


def test_a_search_without_an_own_instruction_is_left_to_the_model():
    assert choose(task="retrieval") == Prompting(instruction=None, source="model")


def test_a_model_that_reads_texts_raw_gets_them_raw_and_it_is_told():
    found = choose("sick", model_default=None)
    assert (found.instruction, found.source) == ("", "none")
    assert "without instructions" in found.notes("sick")[0]


def test_an_unknown_protocol_is_refused():
    with pytest.raises(ConfigError, match="must be one of report, mteb"):
        choose(protocol="paper")


def test_every_task_over_vectors_has_an_instruction():
    assert TASKS.keys() <= instructions()["tasks"].keys()


def test_every_set_of_the_table_is_one_of_the_shared_ones(shared_data):
    assert all((shared_data / name).is_dir() for name in instructions()["sets"])
