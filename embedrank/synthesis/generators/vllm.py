"""A model in vLLM's engine in this process, held to the schema of each request.

Source: https://docs.vllm.ai/en/stable/features/structured_outputs.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from embedrank.core.errors import ConfigError
from embedrank.core.generation import GenerationRequest
from embedrank.core.packages import require_packages
from embedrank.synthesis.generators.batched import BatchedGenerator, Written
from embedrank.synthesis.generators.meter import Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class VLLMConfig:
    """Which model, and how it runs.

    Attributes:
        model: Folder or hub id.
        engine: Arguments of `vllm.LLM`, such as `tensor_parallel_size` or `max_model_len`.
        batch_size: Requests handed over at a time; a kill loses at most these.
        template: Arguments of the chat template, such as `enable_thinking: false`.
    """

    model: str
    engine: Mapping[str, Any] = field(default_factory=dict)
    batch_size: int = 256
    template: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.model, str) or not self.model:
            raise ConfigError("generator", "model", self.model, "must be a folder or hub id")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ConfigError("generator", "batch_size", self.batch_size, "must be at least 1")
        if "model" in self.engine:
            raise ConfigError("generator", "engine.model", self.engine["model"], "is said by `model`")


class VLLMGenerator(BatchedGenerator):
    """Writes with `LLM.chat`."""

    def __init__(self, config: VLLMConfig, meter: Meter) -> None:
        """Start the engine.

        Args:
            config: Which model, and how.
            meter: Cache and budget.

        Raises:
            MissingPackageError: If vLLM is not installed.
        """
        require_packages("the generator vllm", "vllm", extra="vllm")
        import vllm

        super().__init__(config.model, meter, batch_size=config.batch_size, extra={"template": dict(config.template)})
        self._config = config
        self._engine = vllm.LLM(model=config.model, **config.engine)

    def write(self, requests: Sequence[GenerationRequest]) -> list[Written]:
        """Continue a batch of chats.

        Args:
            requests: The chats.

        Returns:
            What the model wrote for each.
        """
        replies = self._engine.chat(
            [[{"role": each.role, "content": each.content} for each in request.messages] for request in requests],
            sampling_params=[_sampling(request) for request in requests],
            use_tqdm=False,
            chat_template_kwargs=dict(self._config.template),
        )
        return [
            Written(
                text=reply.outputs[0].text.strip(),
                prompt_tokens=len(reply.prompt_token_ids),
                completion_tokens=len(reply.outputs[0].token_ids),
                is_cut=reply.outputs[0].finish_reason == "length",
            )
            for reply in replies
        ]


def _sampling(request: GenerationRequest) -> Any:
    from vllm import SamplingParams
    from vllm.sampling_params import StructuredOutputsParams

    held = None if request.schema is None else StructuredOutputsParams(json=dict(request.schema))
    return SamplingParams(
        temperature=request.temperature, max_tokens=request.max_tokens, seed=request.seed, structured_outputs=held
    )
