"""The tokenizer keeps Qwen3's form at any vocabulary size."""

import json

import pytest
import tokenizer as tokenizer_script
from rowmaking.tokenizer_sample import balanced_sample, bucket_of, read_buckets

ROWS = [
    {
        "task": "retrieval",
        "instruction": "find it",
        "query": "where is the bear",
        "positives": ["The bear lives here"],
        "lang": "en",
    },
    {
        "task": "code",
        "instruction": "find code",
        "query": "add two",
        "positives": ["def add(a, b):\n    return a + b"],
        "lang": "python",
    },
    {
        "task": "bitext",
        "instruction": "translate",
        "query": "熊住在北方的森林里",
        "positives": ["The bear lives north"],
        "lang": "zh",
    },
]


@pytest.fixture
def rows(tmp_path):
    for row in ROWS:
        (tmp_path / f"{row['task']}.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


@pytest.fixture
def trained(rows):
    texts = [*tokenizer_script.seed_texts(rows), *tokenizer_script.MUST_BE_ONE_TOKEN * 9]
    return tokenizer_script.train(iter(texts * 4), vocab_size=448)


def test_words_of_the_prompt_are_single_tokens(trained):
    for word in ("yes", "no", "Instruct", "Query", "Document"):
        assert len(trained.encode(word, add_special_tokens=False).ids) == 1


def test_added_tokens_are_the_last_and_in_qwen3_order(trained):
    size = trained.get_vocab_size()
    assert size % 64 == 0
    assert trained.token_to_id("<|endoftext|>") == size - 26
    assert trained.token_to_id("<|im_end|>") == size - 24
    assert trained.token_to_id("</think>") == size - 1


def test_end_token_is_appended_once_and_any_bytes_round_trip(trained):
    text = "x = f(1)\n\t世界 🙂 \x00"
    ids = trained.encode(text).ids
    assert ids.count(trained.token_to_id("<|endoftext|>")) == 1
    assert ids[-1] == trained.token_to_id("<|endoftext|>")
    assert trained.decode(ids) == text


def test_too_little_text_for_the_size_is_refused():
    with pytest.raises(ValueError, match="too little text"):
        tokenizer_script.train(iter(tokenizer_script.MUST_BE_ONE_TOKEN * 9), vocab_size=6400)


def test_size_that_is_no_multiple_of_64_is_refused():
    with pytest.raises(ValueError, match="multiple of 64"):
        tokenizer_script.train(iter(["a"]), vocab_size=600)


def test_saved_folder_loads_in_transformers_with_the_same_ids(trained, tmp_path):
    transformers = pytest.importorskip("transformers")
    tokenizer_script.save(trained, tmp_path / "out")
    loaded = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    assert (loaded.eos_token, loaded.pad_token) == ("<|im_end|>", "<|endoftext|>")
    for text in ("where is the bear?", "熊 2024", "<think>\n\n</think>\n\n"):
        assert loaded(text)["input_ids"] == trained.encode(text).ids


def test_buckets_follow_code_script_and_language(rows):
    assert bucket_of("def f(): pass", code=True, lang="python") == "code"
    assert bucket_of("東京は日本の首都です", code=False, lang="ja") == "kana"
    assert bucket_of("北京是首都", code=False, lang="zh") == "han"
    assert bucket_of("Ol\u00e1 mundo", code=False, lang="pt") == "pt"
    assert set(read_buckets(rows)) == {"code", "en", "han"}


def test_sample_stays_in_its_budget_and_takes_no_text_twice():
    buckets = {"en": [f"text {i}" for i in range(500)], "code": [f"x{i} = 1" for i in range(50)]}
    sample = balanced_sample(buckets, max_bytes=1000, seed=0)
    assert sum(len(t) for part in sample.values() for t in part) < 1000 + 2 * 10
    assert all(len(set(part)) == len(part) and part for part in sample.values())
