"""Adapters written here are read by peft beside the model in transformers, and back here."""

import json

import pytest
import torch

from embedrank.core.errors import CheckpointError, StorageError
from embedrank.model.checkpoint import save_embedder, save_reranker
from embedrank.model.packing import Pack
from embedrank.model.prompting import PromptPolicy
from embedrank.training.lora.adapters import add_adapters
from embedrank.training.lora.config import LoraConfig
from embedrank.training.lora.folder import CONFIG, WEIGHTS, load_adapters, save_adapters
from tests.model.conftest import pico_decoder, pico_tokenizer
from tests.training.lora.test_adapters import answers, train

CONFIGURED = LoraConfig(rank=4, alpha=8.0, rank_stabilised=True)


@pytest.fixture(scope="module")
def trained():
    decoder = pico_decoder()
    add_adapters(decoder, CONFIGURED)
    train(decoder)
    return decoder


@pytest.fixture
def saved(trained, tmp_path):
    save_adapters(tmp_path / "adapters", trained, CONFIGURED, base="pico", kind="embedder")
    return tmp_path / "adapters"


def test_they_come_back_whole(trained, saved):
    decoder = pico_decoder()
    found = load_adapters(decoder, saved)
    assert (found.rank, found.alpha, found.rank_stabilised) == (4, 8.0, True)
    assert set(found.targets) == set(CONFIGURED.targets)
    assert torch.equal(answers(decoder), answers(trained))


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # transformers, asked by peft
@pytest.mark.parametrize("kind", ["embedder", "reranker"])
def test_peft_reads_them_beside_the_model_in_transformers(trained, tmp_path, kind):
    from peft import PeftModel
    from transformers import AutoModel, AutoModelForCausalLM

    save_adapters(tmp_path / "adapters", trained, CONFIGURED, base="pico", kind=kind)
    base, exact = tmp_path / "base", {"dtype": torch.float32}
    if kind == "embedder":
        save_embedder(base, pico_decoder(), pico_tokenizer(), prompts=PromptPolicy(), max_length=512, **exact)
    else:
        save_reranker(base, pico_decoder(), pico_tokenizer(), **exact)
    load = AutoModel if kind == "embedder" else AutoModelForCausalLM
    theirs = PeftModel.from_pretrained(load.from_pretrained(base, **exact), tmp_path / "adapters").eval()
    tokens = list(range(5, 60))
    with torch.inference_mode():
        told = theirs(torch.tensor([tokens]), output_hidden_states=True).hidden_states[-1][0, -1]
        ours = trained(Pack.of([tokens]))[0]
    assert torch.allclose(ours, told, atol=1e-4)


def test_a_written_folder_is_never_overwritten(trained, saved):
    with pytest.raises(StorageError, match="exists already"):
        save_adapters(saved, trained, CONFIGURED, base="pico", kind="embedder")


def test_damage_and_strangers_are_refused(saved):
    with pytest.raises(CheckpointError, match=r"has shape|do not belong"):
        load_adapters(pico_decoder(hidden_size=64), saved)
    with pytest.raises(CheckpointError, match="do not belong together"):
        load_adapters(pico_decoder(num_hidden_layers=2), saved)
    (saved / WEIGHTS).write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_adapters(pico_decoder(), saved)
    (saved / CONFIG).write_text(json.dumps({"peft_type": "IA3"}))
    with pytest.raises(CheckpointError, match="plain LoRA"):
        load_adapters(pico_decoder(), saved)
    (saved / CONFIG).unlink()
    with pytest.raises(CheckpointError, match="holds no"):
        load_adapters(pico_decoder(), saved)
