"""Losses, one a file: pure functions on embeddings or logits."""
