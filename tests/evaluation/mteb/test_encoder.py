import numpy as np
from datasets import Dataset
from mteb.models.models_protocols import CrossEncoderProtocol, EncoderProtocol
from mteb.types import PromptType
from torch.utils.data import DataLoader

from embedrank.evaluation.mteb.encoder import MtebEncoder
from embedrank.evaluation.mteb.local import beir_task
from embedrank.evaluation.mteb.meta import encoder_meta
from embedrank.evaluation.mteb.side import DOCUMENT, instructed
from embedrank.evaluation.mteb.task_prompt import TaskPrompt
from tests.evaluation.mteb.local_sets import as_mteb, made_up
from tests.search.fakes import BagEncoder

SIDES = TaskPrompt(
    query=instructed("Find it"), document=DOCUMENT, symmetric=instructed("Compare"), source="test", is_own=True
)


def loader(texts):
    return DataLoader(Dataset.from_dict({"text": texts}), batch_size=2)


def encode(model, task, texts, prompt_type):
    where = {"hf_split": "test", "hf_subset": "default"}
    return model.encode(loader(texts), task_metadata=task.metadata, prompt_type=prompt_type, **where)


def test_mteb_takes_it_for_an_encoder_and_for_nothing_else(tmp_path):
    model = as_mteb(BagEncoder(), beir_task(made_up(tmp_path)))
    assert isinstance(model, EncoderProtocol)
    assert not isinstance(model, CrossEncoderProtocol)


def test_each_side_is_put_to_the_model_as_the_prompt_says(tmp_path):
    task, encoder = beir_task(made_up(tmp_path)), BagEncoder()
    meta = encoder_meta(encoder, "tests/bag", dim=encoder.dim, settings={})
    model = MtebEncoder(encoder, {task.metadata.name: SIDES}, meta)
    for prompt_type in (PromptType.query, PromptType.document, None):
        encode(model, task, ["a fox", "a bear", "rain"], prompt_type)
    assert encoder.batches == [(["a fox", "a bear", "rain"], "Find it"), (["a fox", "a bear", "rain"], "Compare")]


def test_vectors_are_the_encoders_own_in_the_order_of_the_texts(tmp_path):
    texts = [f"text {number}" for number in range(1030)]  # more than one call takes
    seen = []
    model = as_mteb(BagEncoder(), task := beir_task(made_up(tmp_path)), dim=64, on_texts=seen.append)
    vectors = encode(model, task, texts, PromptType.document)
    assert np.array_equal(vectors, BagEncoder().encode_documents(texts, dim=64))
    assert sum(seen) == len(texts) == model.counts["texts"]


def test_texts_longer_than_the_model_reads_are_counted(tmp_path):
    model = as_mteb(BagEncoder(), task := beir_task(made_up(tmp_path)))
    encode(model, task, ["short", "long " * 600], PromptType.document)
    assert model.counts == {"texts": 2, "truncated": 1}


def test_similarity_is_the_cosine(tmp_path):
    model = as_mteb(BagEncoder(), task := beir_task(made_up(tmp_path)))
    vectors = encode(model, task, ["a fox", "a bear"], PromptType.document)
    assert np.allclose(model.similarity(vectors, vectors), vectors @ vectors.T, atol=1e-6)
