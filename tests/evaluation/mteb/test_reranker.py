import numpy as np
from datasets import Dataset
from mteb.models.models_protocols import CrossEncoderProtocol, EncoderProtocol
from torch.utils.data import DataLoader

from embedrank.evaluation.mteb.meta import reranker_meta
from embedrank.evaluation.mteb.reranker import MtebReranker
from tests.search.fakes import OverlapReranker

WHERE = {"task_metadata": None, "hf_split": "test", "hf_subset": "default"}


def loader(**columns):
    return DataLoader(Dataset.from_dict(columns), batch_size=2)


def as_mteb(reranker, **more):
    return MtebReranker(reranker, reranker_meta(reranker, "tests/overlap", settings={}), **more)


def test_mteb_takes_it_for_a_cross_encoder_and_for_nothing_else():
    model = as_mteb(OverlapReranker())
    assert isinstance(model, CrossEncoderProtocol)
    assert not isinstance(model, EncoderProtocol)


def test_documents_of_a_query_are_judged_in_one_call_and_the_order_is_kept():
    reranker = OverlapReranker()
    model = as_mteb(reranker, instruction="Find it")
    queries, documents = ["a fox", "a fox", "rain", "rain", "rain"], ["fox", "a fox", "rain", "sun", "rain"]
    logits = model.predict(loader(text=queries), loader(text=documents), **WHERE)
    assert reranker.calls == [("a fox", documents[:2], "Find it"), ("rain", documents[2:], "Find it")]
    assert np.allclose(logits, [0.0, 4.0, 4.0, -4.0, 4.0])


def test_an_instruction_of_the_data_set_goes_before_the_given_one():
    reranker = OverlapReranker()
    queries = loader(text=["a fox"], instruction=["Find animals"])
    as_mteb(reranker, instruction="Find it").predict(queries, loader(text=["fox"]), **WHERE)
    assert reranker.calls == [("a fox", ["fox"], "Find animals")]


def test_cut_documents_are_counted():
    model = as_mteb(OverlapReranker(max_length=3))
    model.predict(loader(text=["a", "a"]), loader(text=["one two", "one two three four"]), **WHERE)
    assert model.counts == {"texts": 2, "truncated": 1}
