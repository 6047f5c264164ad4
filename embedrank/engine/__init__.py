"""Batching and caching: many callers, one model; millions of texts, bounded memory."""
