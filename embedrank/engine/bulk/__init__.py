"""Millions of texts to vectors: streamed in, computed once each, staged so that a kill loses little, written whole."""
