"""A causal model of `transformers` in this process.

Sampling adds Gumbel noise to the logits and takes the largest, which is the same as drawing from the softmax. The noise
of a request comes from its own seed, so that its answer does not depend on the requests beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedrank.core.errors import ConfigError, ModelNotFoundError
from embedrank.core.generation import GenerationRequest
from embedrank.core.packages import require_packages
from embedrank.synthesis.generators.batched import BatchedGenerator, Written
from embedrank.synthesis.generators.meter import Meter

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformersConfig:
    """Which model, and how it runs.

    Attributes:
        model: Folder or hub id.
        dtype: Numbers that it computes in, by torch's name.
        device: Where it computes, by torch's name.
        batch_size: Requests at a time.
        template: Arguments of the chat template, such as `enable_thinking: false`.
    """

    model: str
    dtype: str = "bfloat16"
    device: str = "cpu"
    batch_size: int = 8
    template: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ConfigError("generator", "model", self.model, "must be a folder or hub id")
        if self.dtype not in ("bfloat16", "float16", "float32"):
            raise ConfigError("generator", "dtype", self.dtype, "must be bfloat16, float16 or float32")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ConfigError("generator", "batch_size", self.batch_size, "must be at least 1")


class TransformersGenerator(BatchedGenerator):
    """Writes with `generate`; it cannot be held to a schema, so that answers are read tolerantly."""

    def __init__(self, config: TransformersConfig, meter: Meter) -> None:
        """Load the model.

        Args:
            config: Which, and how.
            meter: Cache and budget.

        Raises:
            MissingPackageError: If `transformers` is not installed.
            ModelNotFoundError: If there is no such model.
        """
        require_packages("the generator transformers", "transformers", extra="synthesis")
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        super().__init__(config.model, meter, batch_size=config.batch_size, extra={"template": dict(config.template)})
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(config.model, padding_side="left")
            self._network = AutoModelForCausalLM.from_pretrained(config.model, dtype=getattr(torch, config.dtype))
        except (OSError, ValueError) as error:
            raise ModelNotFoundError(config.model, str(error).splitlines()[0]) from error
        self._network.to(torch.device(config.device)).eval()  # type: ignore[arg-type]  # its wrapper loses the type
        self._config = config

    def write(self, requests: Sequence[GenerationRequest]) -> list[Written]:
        """Continue a batch of chats.

        Args:
            requests: The chats.

        Returns:
            What the model wrote for each.
        """
        import torch
        from transformers import GenerationConfig, LogitsProcessorList

        prompts = [self._prompt(request) for request in requests]
        pad = self._tokenizer.pad_token_id
        pad = self._ends[0] if pad is None else pad
        read = self._tokenizer(prompts, return_tensors="pt", padding=True, add_special_tokens=False)
        read = read.to(self._config.device)
        how = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=max(request.max_tokens for request in requests),
            do_sample=False,  # the noise samples
            eos_token_id=self._ends,
            pad_token_id=pad,
        )
        noise = LogitsProcessorList([_Noise(requests, self._config.device)])
        with torch.inference_mode():
            tokens = self._network.generate(**read, generation_config=how, logits_processor=noise)
        new = tokens[:, read["input_ids"].shape[1] :].tolist()
        lengths = read["attention_mask"].sum(1).tolist()
        return [
            self._written(row, request.max_tokens, length)
            for row, request, length in zip(new, requests, lengths, strict=True)
        ]

    @property
    def _ends(self) -> list[int]:
        ends = self._network.generation_config.eos_token_id
        if ends is None:
            ends = self._tokenizer.eos_token_id
        return list(ends) if isinstance(ends, list) else [ends]

    def _prompt(self, request: GenerationRequest) -> str:
        turns = [{"role": message.role, "content": message.content} for message in request.messages]
        template = dict(self._config.template)
        text = self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, **template)
        assert isinstance(text, str)
        return text

    def _written(self, tokens: list[int], most: int, prompt_tokens: int) -> Written:
        ends = set(self._ends)
        length = next((place for place, token in enumerate(tokens) if token in ends), len(tokens))
        kept = tokens[: min(length, most)]
        return Written(
            text=str(self._tokenizer.decode(kept, skip_special_tokens=True)).strip(),
            prompt_tokens=prompt_tokens,
            completion_tokens=len(kept),
            is_cut=length >= most,
        )


class _Noise:
    """Logits processor: divides by the temperature and adds each row's own noise; temperature 0 leaves logits alone."""

    def __init__(self, requests: Sequence[GenerationRequest], device: str) -> None:
        import torch

        self._temperatures = [request.temperature for request in requests]
        self._sources = [torch.Generator(device=device).manual_seed(request.seed or 0) for request in requests]

    def __call__(self, tokens_BT: torch.Tensor, logits_BV: torch.Tensor) -> torch.Tensor:
        import torch

        noisy_BV = logits_BV.float()
        for row, (temperature, source) in enumerate(zip(self._temperatures, self._sources, strict=True)):
            if temperature > 0:
                even_V = torch.rand(noisy_BV.shape[1], generator=source, device=noisy_BV.device).clamp_min(1e-20)
                noisy_BV[row] = noisy_BV[row] / temperature - (-even_V.log()).clamp_min(1e-20).log()
        return noisy_BV
