"""A generator without a language model: it answers from what stands in the passage."""

from __future__ import annotations

from embedrank.synthesis.generators.extractive.generator import ExtractiveGenerator

__all__ = ["ExtractiveGenerator"]
