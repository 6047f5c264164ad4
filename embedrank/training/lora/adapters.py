"""Adapters in a decoder: put in, told apart from the frozen rest, and merged away.

Source: LoRA, arXiv 2106.09685; rsLoRA, arXiv 2312.03732; QLoRA, arXiv 2305.14314.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from embedrank.core.errors import InvalidInputError
from embedrank.core.packages import require_packages
from embedrank.model.decoder import Decoder
from embedrank.model.projection import PlainProjection, replace_projections
from embedrank.training.lora.config import LoraConfig

ADAPTER = "default"  # peft's name of an only adapter


def add_adapters(decoder: Decoder, config: LoraConfig) -> None:
    """Freeze a decoder and put a fresh adapter beside each target; at first it answers as before.

    Args:
        decoder: Changed in place; its plain projections may be put into 4 bits.
        config: What is adapted.

    Raises:
        MissingPackageError: If peft or bitsandbytes is not installed.
        InvalidInputError: If the decoder has adapters already.
    """
    four_bit = ["bitsandbytes"] if config.four_bit is not None else []
    require_packages("training by adapters", "peft", *four_bit, extra="training")
    from peft import inject_adapter_in_model

    if has_adapters(decoder):
        raise InvalidInputError("decoder", "has adapters already", hint="merge them first")
    decoder.requires_grad_(False)
    if config.four_bit is not None:
        _into_four_bits(decoder, config.four_bit)
    inject_adapter_in_model(peft_config(config), decoder, adapter_name=ADAPTER)


def peft_config(config: LoraConfig) -> Any:
    """The same settings as peft spells them, with our own layer classes."""
    from peft import LoraConfig as PeftConfig

    from embedrank.training.lora.projections import AdaptedProjection

    classes: dict[Any, Any] = {PlainProjection: AdaptedProjection}
    if config.four_bit is not None:
        from embedrank.training.lora.four_bit import AdaptedFourBitProjection, FourBitProjection

        classes[FourBitProjection] = AdaptedFourBitProjection
    spelled: Any = PeftConfig(
        r=config.rank,
        lora_alpha=config.alpha,  # type: ignore[arg-type]  # floats are fine
        lora_dropout=config.dropout,
        target_modules=list(config.targets),
        use_rslora=config.rank_stabilised,
    )
    spelled._register_custom_module(classes)
    return spelled


def has_adapters(decoder: nn.Module) -> bool:
    """Whether any projection has an adapter."""
    return any(_is_adapter(name) for name, _ in decoder.named_parameters())


def adapter_tensors(decoder: nn.Module) -> dict[str, Tensor]:
    """The trained tensors by the names peft saves them under, without its prefix.

    Args:
        decoder: With adapters.

    Returns:
        Such as `layers.0.self_attn.q_proj.lora_A.weight` to `[rank, I]`, `..lora_B.weight` to `[O, rank]`.
    """
    return {
        name.replace(f".{ADAPTER}.", "."): parameter
        for name, parameter in decoder.named_parameters()
        if _is_adapter(name)
    }


def learned_nothing(decoder: nn.Module) -> bool:
    """Whether all adapters are still as they were put in, so that the model equals its base."""
    ups = [tensor for name, tensor in adapter_tensors(decoder).items() if ".lora_B." in name]
    return not any(bool(tensor.detach().any()) for tensor in ups)


def merge_adapters(decoder: Decoder) -> None:
    """Add every adapter to its weight; what is left is a plain decoder that answers like both together.

    Weights in 4 bits come out dequantised: the adapter was trained beside those numbers, not beside the original ones.

    Args:
        decoder: With adapters; changed in place.

    Raises:
        InvalidInputError: If it has none, or if none of them has learned anything.
    """
    if not has_adapters(decoder):
        raise InvalidInputError("decoder", "has no adapters to merge")
    if learned_nothing(decoder):
        raise InvalidInputError("adapters", "are all zero: the merged model would equal its base", hint="train first")
    from embedrank.training.lora.projections import is_adapted, merged, plain, weight_of

    for parent in list(decoder.modules()):
        for name, child in list(parent.named_children()):
            if is_adapted(child):
                setattr(parent, name, merged(child, ADAPTER))
            elif hasattr(child, "dequantised") and not is_adapted(parent):
                setattr(parent, name, plain(weight_of(child)))
    decoder.requires_grad_(False)


def _into_four_bits(decoder: Decoder, quant_type: str) -> None:
    from embedrank.training.lora.four_bit import FourBitProjection

    replace_projections(decoder, lambda weight_OI: FourBitProjection(weight_OI, quant_type=quant_type))


def _is_adapter(name: str) -> bool:
    return ".lora_A." in name or ".lora_B." in name
