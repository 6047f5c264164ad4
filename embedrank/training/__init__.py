"""Rows, mixing, losses and the loop that train embedders and rerankers."""
