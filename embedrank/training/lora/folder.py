"""Adapters on disk in peft's layout, so that peft, transformers and vLLM load them beside the base model unchanged."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from embedrank.core.errors import CheckpointError
from embedrank.model.decoder import Decoder
from embedrank.model.provenance import read_json
from embedrank.model.target import require_new, written_whole
from embedrank.training.lora.adapters import adapter_tensors, add_adapters, peft_config
from embedrank.training.lora.config import LoraConfig

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PREFIXES = {"embedder": "base_model.model.", "reranker": "base_model.model.model."}
TASKS = {"embedder": "FEATURE_EXTRACTION", "reranker": "CAUSAL_LM"}


def save_adapters(folder: Path, decoder: Decoder, config: LoraConfig, *, base: str, kind: str) -> None:
    """Write the adapters of a decoder, complete or not at all.

    Args:
        folder: Must not exist yet.
        decoder: With adapters.
        config: How they were made.
        base: Name or folder of the model they belong to.
        kind: `embedder` or `reranker`; decides on the names that transformers gives the base's tensors.

    Raises:
        StorageError: If the folder exists or cannot be written.
    """
    require_new(folder)
    spelled = peft_config(config)
    spelled.base_model_name_or_path, spelled.task_type, spelled.inference_mode = base, TASKS[kind], True
    tensors = {
        PREFIXES[kind] + name: tensor.detach().cpu().contiguous() for name, tensor in adapter_tensors(decoder).items()
    }
    with written_whole(folder, "adapters") as partial:
        partial.mkdir(parents=True)
        spelled.save_pretrained(str(partial))
        save_file(tensors, partial / WEIGHTS, metadata={"format": "pt"})


def load_adapters(decoder: Decoder, folder: Path) -> LoraConfig:
    """Put saved adapters into the decoder of their base model.

    Args:
        decoder: Plain; changed in place.
        folder: From `save_adapters`, or by peft for the same architecture.

    Returns:
        Their settings; the base stays in the precision it has.

    Raises:
        CheckpointError: If files are missing, damaged, or do not fit the decoder.
        ConfigError: If the settings are of a kind that this package does not know.
    """
    config = _read_config(folder)
    try:
        stored = load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(folder / WEIGHTS, f"cannot be read: {error}") from error
    add_adapters(decoder, config)
    wanted = adapter_tensors(decoder)
    found = {name.removeprefix("base_model.model.").removeprefix("model."): each for name, each in stored.items()}
    if strange := sorted(set(found) ^ set(wanted)):
        raise CheckpointError(folder, f"adapters and model do not belong together: {strange[0]} is only in one of them")
    with torch.no_grad():
        for name, parameter in wanted.items():
            if found[name].shape != parameter.shape:
                shapes = f"{tuple(found[name].shape)}, the model needs {tuple(parameter.shape)}"
                raise CheckpointError(folder, f"{name} has shape {shapes}")
            parameter.copy_(found[name])
    return config


def _read_config(folder: Path) -> LoraConfig:
    if not (folder / CONFIG).is_file():
        raise CheckpointError(folder, f"holds no {CONFIG}")
    raw = read_json(folder / CONFIG)
    if raw.get("peft_type") != "LORA" or raw.get("use_dora") or raw.get("bias", "none") != "none":
        raise CheckpointError(folder / CONFIG, "is not of plain LoRA adapters")
    return LoraConfig(
        rank=int(raw.get("r", 0)),
        alpha=float(raw.get("lora_alpha", 0)),
        dropout=float(raw.get("lora_dropout") or 0),
        targets=tuple(sorted(str(target).rsplit(".", 1)[-1] for target in raw.get("target_modules") or ())),
        rank_stabilised=bool(raw.get("use_rslora")),
    )
