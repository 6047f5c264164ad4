"""Generators that talk to the misbehaving server, quickly impatient."""

from contextlib import contextmanager

from embedrank.core.generation import GenerationRequest, Message
from embedrank.synthesis.generators.budget import BudgetConfig
from embedrank.synthesis.generators.cache import RequestCache
from embedrank.synthesis.generators.meter import LocalMeter
from embedrank.synthesis.generators.openai import OpenAIGenerator
from embedrank.synthesis.generators.openai_config import OpenAIConfig, RetryConfig

SCHEMA = {
    "type": "object",
    "properties": {"query": {"type": "string"}},
    "required": ["query"],
    "additionalProperties": False,
}
HASTY = RetryConfig(max_attempts=4, base_s=0.002, max_s=0.02, patience_s=0.5)
PATIENT = RetryConfig(max_attempts=20, base_s=0.002, max_s=0.02, patience_s=60)


def request(number=0, **changed):
    said = {
        "key": f"r{number}",
        "messages": (Message(role="user", content=f"write a query for passage {number}"),),
        "schema": SCHEMA,
        "max_tokens": 50,
        "seed": number,
    }
    return GenerationRequest(**{**said, **changed})


def settings(server, **changed):
    said = {"model": "test", "base_url": server.url, "timeout_s": 20.0, "retry": PATIENT}
    return OpenAIConfig(**{**said, **changed})


@contextmanager
def opened(server, folder, *, budget=None, **changed):
    """A generator with a meter of its own; the meter is `generator.meter`."""
    meter = LocalMeter(RequestCache(folder / "requests.sqlite", run="run"), budget or BudgetConfig())
    generator = OpenAIGenerator(settings(server, **changed), meter, key="secret")
    generator.meter = meter
    try:
        yield generator
    finally:
        generator.close()
        meter.close()
