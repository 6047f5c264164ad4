"""Models of a few lines that do what they are told: wait at a gate, refuse a text, run out of memory, die."""

import hashlib
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from embedrank.core.errors import InvalidInputError
from embedrank.core.types import Truncation
from embedrank.engine.request import Request

PATIENCE_S = 20.0  # how long a test waits for what must happen; nothing is measured by it


def until(condition):
    """Wait for something that another thread is about to do."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.001)


class Gate:
    """Where a model waits when a test says so."""

    def __init__(self):
        self._open = threading.Event()
        self._open.set()
        self._arrivals = threading.Semaphore(0)

    def shut(self):
        self._open.clear()

    def open(self):
        self._open.set()

    def pass_through(self):
        self._arrivals.release()
        assert self._open.wait(PATIENCE_S)

    def wait_for_arrival(self):
        assert self._arrivals.acquire(timeout=PATIENCE_S)


class PlainPrompts:
    """Marks a query with its instruction and a document with nothing."""

    def query(self, text, instruction):
        return f"{'default' if instruction is None else instruction}>{text}"

    def document(self, text):
        return text


class FakeEmbedder:
    """One token a letter; the vector is a hash of the tokens. `errors` maps a text to what it makes the model raise."""

    def __init__(self, *, max_length=1000, name="fake"):
        self.name, self.fingerprint, self.precision = name, f"fingerprint of {name}", "float32"
        self.dim, self.max_length = 64, max_length
        self.prompts, self.gate = PlainPrompts(), Gate()
        self.batches = []
        self.tokenized = []
        self.errors = {}
        self.max_tokens = None  # more in one batch is too much for the memory

    default_instruction = recommended_fusion = None
    recommended_dense_weight = 1.0

    def checked_dim(self, dim):
        if dim is not None and not 1 <= dim <= self.dim:
            raise InvalidInputError("dim", "out of range")
        return dim or self.dim

    def tokenize(self, texts):
        self.tokenized.append(list(texts))
        if any("untokenisable" in text for text in texts):
            raise ValueError("no token for it")
        ids = [[*map(ord, text), 0] for text in texts]
        return [(tokens[: self.max_length], len(tokens)) for tokens in ids]

    def encode_tokens(self, sequences):
        texts = ["".join(map(chr, tokens)).rstrip("\0") for tokens in sequences]
        self.batches.append(texts)
        self.gate.pass_through()
        for text in texts:
            if text in self.errors:
                raise self.errors[text]
        if self.max_tokens is not None and sum(map(len, sequences)) > self.max_tokens:
            raise RuntimeError("CUDA out of memory. Tried to allocate the moon.")
        return np.stack([vector_of(tokens) for tokens in sequences])

    @property
    def computed(self):
        return [text for batch in self.batches for text in batch]


def vector_of(tokens):
    digest = hashlib.sha512(repr(list(tokens)).encode()).digest()
    numbers = np.frombuffer(digest, dtype=np.uint8).astype(np.float32) - 127.5
    return numbers / np.linalg.norm(numbers)


def expected(text, instruction=None, *, side="document"):
    prompted = text if side == "document" else PlainPrompts().query(text, instruction)
    return vector_of([*map(ord, prompted), 0])


@dataclass
class FakePrompts:
    shared: list[int]
    tails: list[list[int]]
    truncations: list[Truncation] = field(default_factory=list)


class FakeReranker:
    """The logit of a document is that of its last letter; every prompt begins with three tokens and the query."""

    name, fingerprint, max_length = "fake-reranker", "f", 100
    recommended_weight, recommended_blend = 0.5, "rank"

    def __init__(self, *, shares_prefix=True):
        self.shares_prefix = shares_prefix
        self.gate = Gate()
        self.packs = []
        self.prefills = []
        self.tokenized = []

    def tokenize(self, query, documents, *, instruction=None):
        self.tokenized.append(list(documents))
        if query == "too long":
            raise InvalidInputError("query", "is too long")
        front = [1, 2, 3, *map(ord, query)]
        cuts = [
            Truncation(index=place, num_tokens=len(text), kept_tokens=self.max_length)
            for place, text in enumerate(documents)
            if len(text) > self.max_length
        ]
        return FakePrompts(front, [[*map(ord, text[: self.max_length]), 0] for text in documents], cuts)

    def prefill(self, shared):
        self.prefills.append("".join(map(chr, shared)))
        return shared or None

    def judge_tokens(self, tails, prefix):
        self.packs.append(len(tails))
        self.gate.pass_through()
        return np.asarray([logit_of(chr(tail[-2])) for tail in tails], dtype=np.float32)


def logit_of(document):
    return (ord(document[-1]) - 110) / 4


class PlainRequest(Request):
    """Collects what is delivered."""

    def __init__(self, texts=("a",), *, timeout_s=None):
        super().__init__(list(texts), timeout_s=timeout_s)
        self.values = {}

    def take_in(self, places, values):
        self.values.update(zip(places, values, strict=True))

    def result(self):
        return [self.values[place] for place in range(len(self.texts))]


@dataclass(eq=False)
class Entry:
    """Something that waits in a queue."""

    name: str
    size: int = 1
    group: object = None
    task: object = "model"
    taken: bool = False


def hold_the_model(embedder, model):
    """Put the model to work on a text and keep it there."""
    model.gate.shut()
    held = embedder.submit_documents(["held"])
    model.gate.wait_for_arrival()
    return held


def waiting(engine, num_items):
    until(lambda: engine.stats().waiting_items == num_items)
