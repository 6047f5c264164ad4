"""Generators in this process: `transformers` on a model made from a config, vLLM against a stand-in of its module."""

import sys
from dataclasses import dataclass, field
from types import ModuleType, SimpleNamespace

import pytest

from embedrank.core.errors import ConfigError, MissingPackageError, ModelNotFoundError
from embedrank.core.generation import Completion, Failure, Message
from embedrank.synthesis.generators.batched import BatchedGenerator, Written
from embedrank.synthesis.generators.budget import BudgetConfig
from embedrank.synthesis.generators.cache import RequestCache
from embedrank.synthesis.generators.meter import LocalMeter
from embedrank.synthesis.generators.transformers import TransformersConfig, TransformersGenerator
from embedrank.synthesis.generators.vllm import VLLMConfig, VLLMGenerator
from tests.model.conftest import pico_tokenizer
from tests.synthesis.generators.asking import SCHEMA, request

TEMPLATE = "{% for m in messages %}{{ m['role'] }}:{{ m['content'] }}<|im_end|>{% endfor %}assistant:"


def meter_in(folder, budget=None):
    return LocalMeter(RequestCache(folder / "requests.sqlite", run="run"), budget or BudgetConfig())


@pytest.fixture(scope="module")
def pico(tmp_path_factory):
    """A causal model of random weights with a chat template, as a folder."""
    import torch
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    folder = tmp_path_factory.mktemp("pico")
    fast = Tokenizer.from_str(pico_tokenizer().files(post_processor=False)["tokenizer.json"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=fast, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        max_position_embeddings=512,
        eos_token_id=tokenizer.eos_token_id,
        initializer_range=0.3,
    )
    Qwen3ForCausalLM(config).save_pretrained(folder)
    return folder


def asked(number, **changed):
    return request(number, **{"schema": None, "max_tokens": 12, "temperature": 0.8, **changed})


def test_an_answer_does_not_depend_on_the_requests_beside_it(tmp_path, pico):
    import torch

    requests = [asked(n, messages=(Message(role="user", content="word " * (n + 1)),)) for n in range(6)]
    written = {}
    for size in (1, 4):
        (tmp_path / str(size)).mkdir()
        meter = meter_in(tmp_path / str(size))
        config = TransformersConfig(model=str(pico), dtype="float32", batch_size=size)
        generator = TransformersGenerator(config, meter)
        torch.manual_seed(size)
        written[size] = [
            each for start in range(0, 6, size) for each in generator.write(requests[start : start + size])
        ]
        meter.close()
    assert written[1] == written[4]
    assert len({each.text for each in written[1]}) > 1


def test_temperature_zero_takes_the_likeliest_token(tmp_path, pico):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(pico)
    network = AutoModelForCausalLM.from_pretrained(pico, dtype=torch.float32)
    ids = tokenizer("user:hello<|im_end|>assistant:", return_tensors="pt", add_special_tokens=False)["input_ids"]
    chosen = []
    for _ in range(5):
        with torch.no_grad():
            token = network(ids).logits[0, -1].argmax()
        chosen.append(int(token))
        ids = torch.cat([ids, token.reshape(1, 1)], dim=1)
    meter = meter_in(tmp_path)
    generator = TransformersGenerator(TransformersConfig(model=str(pico), dtype="float32"), meter)
    said = asked(0, messages=(Message(role="user", content="hello"),), temperature=0.0, max_tokens=5)
    (written,) = generator.write([said])
    meter.close()
    end = tokenizer.eos_token_id
    kept = chosen[: chosen.index(end)] if end in chosen else chosen
    assert written.text == tokenizer.decode(kept, skip_special_tokens=True).strip()
    assert written.prompt_tokens == ids.shape[1] - 5


def test_noise_samples_by_the_softmax():
    import torch

    from embedrank.synthesis.generators.transformers import _Noise

    logits = torch.tensor([[0.0, 1.0, 2.0]])
    rows = [asked(n, seed=n, temperature=0.5) for n in range(4000)]
    drawn = _Noise(rows, "cpu")(None, logits.repeat(4000, 1)).argmax(1)
    shares = torch.bincount(drawn, minlength=3) / 4000
    torch.testing.assert_close(shares, (logits[0] / 0.5).softmax(0), atol=0.02, rtol=0)


def test_other_seeds_give_other_answers_and_the_same_the_same(tmp_path, pico):
    meter = meter_in(tmp_path)
    generator = TransformersGenerator(TransformersConfig(model=str(pico), dtype="float32"), meter)
    first, again, other = generator.write([asked(1, seed=3), asked(1, seed=3), asked(1, seed=77)])
    meter.close()
    assert first == again and first.text != other.text


def test_an_answer_that_meets_its_limit_is_cut_off(tmp_path, pico):
    meter = meter_in(tmp_path)
    generator = TransformersGenerator(TransformersConfig(model=str(pico), dtype="float32"), meter)
    short, long = (asked(n, max_tokens=most, seed=5, temperature=0.0) for n, most in enumerate((1, 6)))
    written = generator.write([short, long])
    assert [each.is_cut for each in written] == [True, written[1].completion_tokens == 6]
    assert written[0].completion_tokens == 1
    (outcome,) = generator.generate([short])
    assert isinstance(outcome, Failure) and outcome.reason == "answer cut off"
    meter.close()


def test_a_model_that_is_not_there_is_told(tmp_path):
    meter = meter_in(tmp_path)
    with pytest.raises(ModelNotFoundError):
        TransformersGenerator(TransformersConfig(model=str(tmp_path / "nothing")), meter)
    meter.close()


class Counting(BatchedGenerator):
    def __init__(self, meter, size=4):
        super().__init__("counting", meter, batch_size=size, extra={})
        self.batches = []

    def write(self, requests):
        self.batches.append([each.key for each in requests])
        return [Written(text=each.key, prompt_tokens=5, completion_tokens=10, is_cut=False) for each in requests]


def test_batches_keep_order_and_answers(tmp_path):
    meter = meter_in(tmp_path)
    generator = Counting(meter)
    requests = [request(n) for n in range(10)]
    generator.generate([requests[3]])
    outcomes = generator.generate(requests)
    assert [outcome.text for outcome in outcomes] == [each.key for each in requests]
    assert [len(batch) for batch in generator.batches] == [1, 4, 4, 1]
    assert outcomes[3].is_cached and meter.usage.requests == 10 and meter.usage.tokens == 150
    meter.close()


def test_a_budget_cuts_batches_and_then_stops(tmp_path):
    meter = meter_in(tmp_path, BudgetConfig(requests=6))
    generator = Counting(meter)
    outcomes = generator.generate([request(n) for n in range(10)])
    assert [len(batch) for batch in generator.batches] == [4, 2]
    assert [isinstance(outcome, Completion) for outcome in outcomes] == [True] * 6 + [False] * 4
    assert {(outcome.reason, outcome.is_final) for outcome in outcomes[6:]} == {("budget", False)}
    meter.close()


@dataclass
class Parameters:
    temperature: float
    max_tokens: int
    seed: int
    structured_outputs: object = None


@dataclass
class Structured:
    json: dict = field(default_factory=dict)


class StandInLLM:
    """Takes what `vllm.LLM` takes, by the signatures of its documentation; no proof that the real one runs."""

    made = None

    def __init__(self, *, model, **engine):
        self.model, self.engine, self.asked = model, engine, []
        StandInLLM.made = self

    def chat(self, messages, sampling_params=None, use_tqdm=True, *, chat_template_kwargs=None):
        self.asked.append((messages, sampling_params, chat_template_kwargs))
        return [
            SimpleNamespace(
                prompt_token_ids=[1, 2, 3],
                outputs=[
                    SimpleNamespace(
                        text=chat[-1]["content"].upper(),
                        token_ids=[1, 2],
                        finish_reason="length" if "passage 2" in chat[-1]["content"] else "stop",
                    )
                ],
            )
            for chat in messages
        ]


@pytest.fixture
def stand_in_vllm(monkeypatch):
    module, parameters = ModuleType("vllm"), ModuleType("vllm.sampling_params")
    module.__spec__ = SimpleNamespace(name="vllm")
    module.LLM, module.SamplingParams = StandInLLM, Parameters
    parameters.StructuredOutputsParams = Structured
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.setitem(sys.modules, "vllm.sampling_params", parameters)


def test_vllm_is_asked_as_its_interface_says(tmp_path, stand_in_vllm):
    meter = meter_in(tmp_path)
    config = VLLMConfig(model="some/model", engine={"max_model_len": 4096}, template={"enable_thinking": False})
    generator = VLLMGenerator(config, meter)
    outcomes = generator.generate([request(n) for n in range(3)])
    assert [getattr(outcome, "text", None) for outcome in outcomes] == [
        "WRITE A QUERY FOR PASSAGE 0",
        "WRITE A QUERY FOR PASSAGE 1",
        None,
    ]
    assert outcomes[2].reason == "answer cut off"
    assert StandInLLM.made.engine == {"max_model_len": 4096}
    _, parameters, template = StandInLLM.made.asked[0]
    assert parameters[1] == Parameters(0.7, 50, 1, Structured(SCHEMA)) and template == {"enable_thinking": False}
    meter.close()


def test_a_missing_vllm_is_told_with_the_extra(tmp_path):
    meter = meter_in(tmp_path)
    with pytest.raises(MissingPackageError, match=r'needs vllm.*pip install "embedrank\[vllm\]"'):
        VLLMGenerator(VLLMConfig(model="some/model"), meter)
    meter.close()


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (lambda: TransformersConfig(model=""), "model"),
        (lambda: TransformersConfig(model="m", dtype="int8"), "dtype"),
        (lambda: TransformersConfig(model="m", batch_size=0), "batch_size"),
        (lambda: VLLMConfig(model="m", engine={"model": "n"}), "engine.model"),
    ],
)
def test_unsound_settings_are_refused(config, told):
    with pytest.raises(ConfigError, match=told):
        config()
