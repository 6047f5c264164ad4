"""Stores that keep chunks, vectors and full text."""

from embedrank.index.store.config import LanceConfig
from embedrank.index.store.lance import LanceStore, StoredDocument

__all__ = ["LanceConfig", "LanceStore", "StoredDocument"]
