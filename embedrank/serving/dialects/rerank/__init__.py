"""Reranking of documents as Cohere, Jina and vLLM spell it."""
