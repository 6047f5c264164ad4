"""A model behind an OpenAI-compatible endpoint: vLLM, SGLang, Ollama, clouds.

Asks with the official client, asynchronously in a thread of its own; to callers it is synchronous. The client's own
retries are off: ours know the budget, and tell an endpoint that is busy from a request that is bad.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

from embedrank.core.generation import Failure, GenerationRequest, Outcome
from embedrank.core.packages import require_packages
from embedrank.synthesis.generators.answer_format import AnswerFormats, response_format
from embedrank.synthesis.generators.budget import Admission
from embedrank.synthesis.generators.cache import digest_of
from embedrank.synthesis.generators.ending import outcome_of
from embedrank.synthesis.generators.meter import Meter
from embedrank.synthesis.generators.most_tokens import most_prompt_tokens
from embedrank.synthesis.generators.openai_config import OpenAIConfig
from embedrank.synthesis.generators.patience import Patience, Pulse
from embedrank.synthesis.generators.trouble import BrokenReplyError, Fault, trouble_of
from embedrank.synthesis.generators.usage import Usage

T = TypeVar("T")

_BUDGET_POLL_S: Final = 0.02
_NO_KEY: Final = "none"  # local servers want none, and the client insists on one


class OpenAIGenerator:
    """A `TextGenerator`; threads may share it, and share its concurrency."""

    def __init__(self, config: OpenAIConfig, meter: Meter, *, key: str | None = None) -> None:
        """Prepare; nothing is sent yet.

        Args:
            config: Where and how to ask.
            meter: Cache and budget.
            key: API key; None for endpoints that want none.

        Raises:
            MissingPackageError: If the client is not installed.
        """
        require_packages("the generator openai", "openai", extra="synthesis")
        import openai

        self._config, self._meter = config, meter
        self._client = openai.AsyncOpenAI(
            api_key=key or _NO_KEY,
            base_url=config.base_url,
            max_retries=0,
            timeout=openai.Timeout(config.timeout_s, connect=config.connect_timeout_s),
        )
        self._formats = AnswerFormats(config.answer_format)
        self._pulse = Pulse()
        self._num_calls = 0
        self._stopped: Failure | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedrank-endpoint", daemon=True)
        self._thread.start()
        self._permits = asyncio.Semaphore(config.concurrency)

    @property
    def name(self) -> str:
        """Name of the model at the endpoint."""
        return self._config.model

    def generate(self, requests: Sequence[GenerationRequest]) -> list[Outcome]:
        """Ask for all, at most `concurrency` at a time.

        Args:
            requests: What to ask.

        Returns:
            One outcome each, in order.

        Raises:
            StorageError: If the cache cannot be used.
        """
        return self._run(self._answer_all(requests)) if requests else []

    def close(self) -> None:
        """Break off what is in flight, and disconnect."""
        if self._loop.is_closed():
            return
        self._run(self._break_off())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _break_off(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.close()

    async def _answer_all(self, requests: Sequence[GenerationRequest]) -> list[Outcome]:
        if not self._num_calls:
            self._stopped = None  # whoever asks again may find that the trouble has passed
        self._num_calls += 1
        tasks = [asyncio.create_task(self._answer(request)) for request in requests]
        try:
            return await asyncio.gather(*tasks)
        finally:
            self._num_calls -= 1
            for task in tasks:  # those that are left where one of them raised
                task.cancel()

    async def _answer(self, request: GenerationRequest) -> Outcome:
        digest = digest_of(self._config.model, request, self._config.extra_body)
        known = self._meter.known(digest)
        if known is not None:
            return known
        async with self._permits:
            return await self._ask(request, digest)

    async def _ask(self, request: GenerationRequest, digest: bytes) -> Outcome:
        """Send a request until there is an answer, or no sense in sending it again."""
        patience = Patience(self._config.retry, self._pulse)
        need = self._config.prices.usage(most_prompt_tokens(request), request.max_tokens)
        format_ = self._formats.first()
        while True:
            refused = await self._admitted(need)
            if refused is not None:
                return refused
            took, outcome = Usage(requests=1), None
            try:
                took, outcome = await self._send(request, format_)
            except Exception as error:
                trouble = trouble_of(error)
            finally:  # broken off or not, it is no longer in flight
                kept = self._meter.settle(digest, need, took, outcome)
            if kept is not None:
                self._took(request, format_)
                return kept
            if trouble.fault is Fault.REQUEST and request.schema is not None:
                weaker = self._formats.weaker(format_)
                if weaker is not None:
                    format_ = weaker
                    continue
            wait_s = patience.wait_s(trouble)
            if isinstance(wait_s, Failure):
                if not wait_s.is_final:
                    self._stopped = wait_s
                return wait_s
            if trouble.wait_s is not None:
                self._pulse.hold(trouble.wait_s)
            await asyncio.sleep(wait_s)

    async def _admitted(self, need: Usage) -> Failure | None:
        """Wait until the endpoint wants requests and the budget has room; a failure where it never will."""
        while (closed_s := self._pulse.open_at - time.monotonic()) > 0:
            await asyncio.sleep(closed_s)
        if self._stopped is not None:  # for one request, so for all
            return self._stopped
        while (admission := self._meter.admit(need)) is Admission.WAIT:
            await asyncio.sleep(_BUDGET_POLL_S)
        return admission if isinstance(admission, Failure) else None

    async def _send(self, request: GenerationRequest, format_: str) -> tuple[Usage, Outcome]:
        creating = self._client.chat.completions.create(**self._body(request, format_))
        reply = await asyncio.wait_for(creating, self._config.timeout_s)
        if not getattr(reply, "choices", None):
            raise BrokenReplyError(f"no completion in {str(reply)!r}")
        used = reply.usage
        took = self._config.prices.usage(used.prompt_tokens, used.completion_tokens) if used else Usage(requests=1)
        choice = reply.choices[0]
        refusal = getattr(choice.message, "refusal", None)
        return took, outcome_of(choice.message.content, choice.finish_reason, took, refusal=refusal)

    def _body(self, request: GenerationRequest, format_: str) -> dict[str, Any]:
        config = self._config
        fields: dict[str, Any] = {
            "model": config.model,
            "messages": [{"role": message.role, "content": message.content} for message in request.messages],
            "temperature": request.temperature,
            config.limit_field: request.max_tokens,
            "seed": request.seed if config.sends_seed else None,
            "response_format": response_format(format_, request.schema),
            "extra_body": dict(config.extra_body) or None,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def _took(self, request: GenerationRequest, format_: str) -> None:
        """Remember what the endpoint can do."""
        self._pulse.beat()
        if request.schema is not None:
            for given_up in self._formats.worked(format_):
                self._meter.note(f"the endpoint refused {given_up}; it is asked for {format_}")
