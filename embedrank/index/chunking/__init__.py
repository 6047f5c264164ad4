"""Cutting documents into chunks along their structure."""

from embedrank.index.chunking.chunker import chunk_document, document_hash
from embedrank.index.chunking.config import ChunkConfig

__all__ = ["ChunkConfig", "chunk_document", "document_hash"]
