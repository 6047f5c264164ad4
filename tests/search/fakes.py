"""Stand-ins for models and stores: deterministic, tiny, no torch."""

import math
import re
import zlib

import numpy as np

from embedrank.core.types import Chunk, Encoded, Judged, Scored, Truncation


def words(text):
    return re.findall(r"\w+", text.lower())


class BagEncoder:
    """Hashed bag of words; queries and documents alike."""

    def __init__(self, dim=256, name="bag", fingerprint="bag-1"):
        self.dim = dim
        self.name = name
        self.fingerprint = fingerprint
        self.precision = "float32"
        self.default_instruction = "find"
        self.max_length = 512
        self.batches = []

    def _encode(self, texts, dim):
        dim = dim or self.dim
        rows = np.zeros((len(texts), self.dim), dtype=np.float32)
        for place, text in enumerate(texts):
            rows[place, 0] = 1e-3
            for word in words(text):
                rows[place, zlib.crc32(word.encode()) % self.dim] += 1.0
        rows = rows[:, :dim]
        return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)

    def encode_queries(self, texts, *, instruction=None, dim=None):
        self.batches.append((list(texts), instruction))
        return self._encode(texts, dim)

    def encode_documents(self, texts, *, dim=None):
        return self._encode(texts, dim)

    def _reported(self, vectors, texts):
        counts = [len(words(text)) for text in texts]
        cuts = [
            Truncation(index=place, num_tokens=count, kept_tokens=self.max_length)
            for place, count in enumerate(counts)
            if count > self.max_length
        ]
        return Encoded(vectors=vectors, num_tokens=[min(c, self.max_length) for c in counts], truncations=cuts)

    def encode_queries_reported(self, texts, *, instruction=None, dim=None):
        return self._reported(self.encode_queries(texts, instruction=instruction, dim=dim), texts)

    def encode_documents_reported(self, texts, *, dim=None):
        return self._reported(self.encode_documents(texts, dim=dim), texts)


class OverlapReranker:
    """The logit is the share of query words that the document holds, stretched; remembers what it read."""

    def __init__(self, max_length=1000):
        self.calls = []
        self.max_length = max_length

    def logits(self, query, documents, *, instruction=None):
        self.calls.append((query, list(documents), instruction))
        wanted = set(words(query))
        shares = [len(wanted & set(words(text))) / max(len(wanted), 1) for text in documents]
        return np.asarray([8 * share - 4 for share in shares], dtype=np.float32)

    def score(self, query, documents, *, instruction=None):
        return 1 / (1 + np.exp(-self.logits(query, documents, instruction=instruction)))

    def judge(self, query, documents, *, instruction=None, on_progress=None):
        logits = self.logits(query, documents, instruction=instruction)
        lengths = [len(words(text)) for text in documents]
        cuts = [
            Truncation(index=place, num_tokens=length, kept_tokens=self.max_length)
            for place, length in enumerate(lengths)
            if length > self.max_length
        ]
        return Judged(logits=logits, num_tokens=lengths, shared_tokens=0, truncations=cuts)


class RecommendingReranker(OverlapReranker):
    recommended_weight = 0.25
    recommended_blend = "rank"


class ListStore:
    """Vector store and chunk reader over two dicts."""

    def __init__(self, chunks=(), vectors=()):
        self.rows = {}
        self.upsert(chunks, vectors)

    def upsert(self, chunks, vectors):
        self.rows.update({item.id: (item, vector) for item, vector in zip(chunks, vectors, strict=True)})

    def search(self, vector, *, top, where=None, dim=None):
        scores = {}
        for name, (item, row) in self.rows.items():
            if all(item.metadata.get(field) == value for field, value in (where or {}).items()):
                short = row[: len(vector)]
                scores[name] = float(short @ vector / max(np.linalg.norm(short), 1e-9))
        order = sorted(scores.items(), key=lambda row: (-row[1], row[0]))
        return [Scored(id=name, score=score) for name, score in order[:top]]

    def get(self, ids):
        return [self.rows[name][0] for name in ids if name in self.rows]


class WordIndex:
    """BM25 by brute force over chunks."""

    def __init__(self, chunks):
        self.chunks = {chunk.id: chunk for chunk in chunks}

    def search_text(self, query, *, top, where=None):
        total = len(self.chunks)
        texts = {name: words(chunk.embedding_text) for name, chunk in self.chunks.items()}
        mean = sum(map(len, texts.values())) / max(total, 1)
        scores = {}
        for word in set(words(query)):
            holders = [name for name, text in texts.items() if word in text]
            idf = math.log(1 + (total - len(holders) + 0.5) / (len(holders) + 0.5))
            for name in holders:
                count = texts[name].count(word)
                scores[name] = scores.get(name, 0) + idf * count * 2.2 / (
                    count + 1.2 * (0.25 + 0.75 * len(texts[name]) / mean)
                )
        if where:
            scores = {
                name: score
                for name, score in scores.items()
                if all(self.chunks[name].metadata.get(field) == value for field, value in where.items())
            }
        order = sorted(scores.items(), key=lambda row: (-row[1], row[0]))
        return [Scored(id=name, score=score) for name, score in order[:top]]


def chunk(name, text, **more):
    return Chunk(id=f"{name}#0", document_id=name, ordinal=0, text=text, **more)
