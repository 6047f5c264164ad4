import mteb
import pytest
from mteb.types import PromptType

from embedrank.core.errors import InvalidInputError
from embedrank.core.prompts import format_query
from embedrank.evaluation.mteb.protocols import prompts_of
from embedrank.evaluation.mteb.report_prompts import published_instructions
from embedrank.evaluation.mteb.side import DOCUMENT, OWN_QUERY

BENCHMARKS = ["MTEB(eng, v2)", "MTEB(cmn, v1)", "MTEB(Code, v1)", "MTEB(Multilingual, v2)"]


def prompt(protocol, name, **more):
    return prompts_of(protocol, [mteb.get_task(name)], **more)[name]


def test_queries_are_instructed_and_documents_raw_in_both_protocols():
    for protocol in ("report", "mteb"):
        found = prompt(protocol, "FiQA2018")
        assert found.query.instruction.startswith("Given a financial question")
        assert found.side(PromptType.document) == DOCUMENT
        assert found.is_own


def test_candidates_of_reranking_are_instructed_in_the_published_run_only():
    published, library = prompt("report", "AskUbuntuDupQuestions"), prompt("mteb", "AskUbuntuDupQuestions")
    assert published.query == library.query == published.document
    assert library.document == DOCUMENT


def test_texts_without_sides_are_instructed_in_both_protocols():
    for protocol in ("report", "mteb"):
        found = prompt(protocol, "Banking77Classification")
        assert found.side(None).instruction == "Given a online banking query, find the corresponding intents"


def test_symmetric_tasks_have_the_instruction_of_their_type_on_every_side():
    for name in ("STS12", "TwitterSemEval2015"):
        found = prompt("report", name)
        assert {found.query, found.document, found.symmetric} == {found.query}
        assert found.query.instruction == "Retrieve semantically similar text"
        assert found.is_own


def test_duplicate_questions_are_instructed_on_both_sides_as_published():
    published = prompt("report", "CQADupstackUnixRetrieval")
    assert published.document == published.query != DOCUMENT
    assert prompt("mteb", "CQADupstackUnixRetrieval").document == DOCUMENT


def test_a_task_under_another_name_or_version_finds_what_was_published():
    listed = published_instructions()
    assert prompt("report", "MMarcoReranking").query.instruction == listed["MmarcoReranking"]
    assert prompt("report", "CLSClusteringP2P.v2").query.instruction == listed["CLSClusteringP2P"]


def test_a_task_without_its_own_prompt_says_so_and_gets_that_of_its_kind():
    found = prompt("mteb", "CosQA")
    assert not found.is_own
    assert found.query.instruction == "Retrieve text based on user query."
    assert found.source == "mteb's prompt for all tasks like it (Retrieval)"
    assert prompt("report", "CosQA").is_own


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_every_task_of_the_benchmarks_has_its_own_prompt_in_the_protocol_of_the_report(benchmark):
    tasks = list(mteb.get_benchmark(benchmark).tasks)
    assert all(found.is_own for found in prompts_of("report", tasks).values())


@pytest.mark.parametrize("benchmark", BENCHMARKS)
def test_the_mteb_protocol_prompts_as_the_librarys_own_loader_does(benchmark):
    from mteb.models.abs_encoder import AbsEncoder
    from mteb.models.model_implementations.qwen3_models import instruction_template

    class Loader(AbsEncoder):
        def __init__(self):
            self.instruction_template = instruction_template

        def encode(self, *args, **kwargs):
            raise NotImplementedError

    loader, tasks = Loader(), list(mteb.get_benchmark(benchmark).tasks)
    for task in tasks:
        found = prompts_of("mteb", [task])[task.metadata.name]
        for side, kind in ((found.query, PromptType.query), (found.symmetric, None)):
            theirs = loader.get_task_instruction(task.metadata, kind)
            assert format_query("", side.instruction) == theirs, task.metadata.name


def test_the_users_instruction_wins_and_an_empty_one_is_none():
    found = prompt("report", "FiQA2018", given="Find it")
    assert (found.query.instruction, found.document, found.symmetric) == ("Find it", DOCUMENT, found.query)
    assert prompt("report", "FiQA2018", given="").query == DOCUMENT


def test_a_model_that_reads_texts_raw_keeps_its_own_prompts():
    found = prompt("report", "FiQA2018", reads_instructions=False)
    assert (found.query, found.document, found.symmetric) == (OWN_QUERY, DOCUMENT, DOCUMENT)


def test_an_unknown_protocol_is_refused_by_name():
    with pytest.raises(InvalidInputError, match="'paper' is none of report, mteb"):
        prompt("paper", "FiQA2018")
