"""A pico server, and the same models called directly."""

from tests.serving.dialects.conftest import embedder, reranker, server  # noqa: F401
