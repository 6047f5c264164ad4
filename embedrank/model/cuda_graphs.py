"""Small packs by replay of recorded CUDA graphs: the launches of hundreds of kernels become one.

A graph is fixed in its shapes, so packs are laid into buckets: a bucket has a fixed number of tokens and of sequences,
and what a pack leaves empty is filled by dummy sequences behind it, whose results are cut off. Attention stays inside
each sequence, so that dummies change nothing. The bounds of the sequences are data, not shape: only backends that read
them from a tensor (`VarlenPlan`) can be recorded.

Shape suffixes: T packed tokens, N sequences, M hidden size.
Source: https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.model.attention_backends.varlen import VarlenPlan
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder
from embedrank.model.packing import Pack

_SMALLEST = 16  # tokens of the smallest bucket
_DUMMY_TOKEN = 0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphConfig:
    """How many graphs of which size.

    Attributes:
        max_tokens: Packs whose bucket is larger run without a graph; there the launches no longer count.
        max_graphs: Graphs kept; the one not used for longest goes first.
        warmup_runs: Passes before recording, in which kernels are loaded, tuned and compiled.
    """

    max_tokens: int = 1024
    max_graphs: int = 32
    warmup_runs: int = 2

    def __post_init__(self) -> None:
        for field, least in (("max_tokens", _SMALLEST), ("max_graphs", 1), ("warmup_runs", 1)):
            if getattr(self, field) < least:
                raise ConfigError("GraphConfig", field, getattr(self, field), f"must be at least {least}")


@dataclass(slots=True, kw_only=True)
class GraphCounts:
    """What became of the packs.

    Attributes:
        replayed: Packs run by a graph.
        recorded: Graphs made.
        evicted: Graphs dropped for newer ones.
        too_large: Packs run without a graph because of their size.
        failed: Packs run without a graph because recording their bucket had failed.
    """

    replayed: int = 0
    recorded: int = 0
    evicted: int = 0
    too_large: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The shape of a graph; at least one of its sequences is a dummy."""

    num_tokens: int
    num_sequences: int

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Bucket:
        """The smallest bucket for a pack.

        Args:
            lengths: Tokens per sequence.

        Returns:
            The bucket: sequences a power of two and one, tokens a power of two or one and a half times that.
        """
        num_sequences = (1 << (len(lengths) - 1).bit_length()) + 1
        needed = sum(lengths) + num_sequences - len(lengths)  # a dummy has at least one token
        power = max(_SMALLEST, 1 << (needed - 1).bit_length())
        tight = power * 3 // 4
        return cls(num_tokens=tight if tight >= max(needed, _SMALLEST) else power, num_sequences=num_sequences)

    def filled(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """The pack's lengths and behind them those of the dummies, the last of which takes what is left."""
        dummies = [1] * (self.num_sequences - len(lengths) - 1)
        return (*lengths, *dummies, self.num_tokens - sum(lengths) - len(dummies))


class Recorder(Protocol):
    """Turns work over fixed tensors into something that can be repeated."""

    def record(self, work: Callable[[], Tensor], *, warmup_runs: int) -> tuple[Callable[[], None], Tensor]:
        """Record a piece of work.

        Args:
            work: Reads and writes tensors that stay where they are.
            warmup_runs: How often it is run before.

        Returns:
            What repeats it, and the tensor that then holds its result.
        """
        ...


class CudaRecorder:
    """Records CUDA graphs that share one pool of memory: they are never replayed at the same time."""

    def __init__(self, device: torch.device) -> None:
        """Open the pool.

        Args:
            device: A CUDA device.
        """
        self._device = device
        self._pool = torch.cuda.graph_pool_handle()
        self._stream = torch.cuda.Stream(device)  # one for all: graphs share memory only where they share the stream

    def record(self, work: Callable[[], Tensor], *, warmup_runs: int) -> tuple[Callable[[], None], Tensor]:
        """As `Recorder.record`."""
        with torch.cuda.device(self._device):
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                for _ in range(warmup_runs):
                    work()
            torch.cuda.current_stream().wait_stream(self._stream)
            graph = torch.cuda.CUDAGraph()
            # Calls to CUDA from other threads, such as a server's, do not disturb a thread-local recording.
            recording = torch.cuda.graph(graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local")
            with recording:
                result = work()
        return graph.replay, result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """A recorded pass and the tensors that it reads."""

    bucket: Bucket
    tokens_T: Tensor
    positions_T: Tensor
    last_N: Tensor
    plan: VarlenPlan
    replay: Callable[[], None]
    result_NM: Tensor

    def run(self, pack: Pack) -> Tensor:
        """Lay the pack into the bucket, replay, cut the dummies off."""
        lengths = self.bucket.filled(pack.lengths)
        fill_inputs(pack, self.tokens_T, self.positions_T)
        self.last_N.copy_(torch.tensor(lengths).cumsum(0) - 1)
        self.plan.refill(lengths)
        self.replay()
        return self.result_NM[: len(pack.lengths)].clone()


class GraphedDecoder:
    """A decoder whose small packs are replayed; it serves only, and only last tokens are replayed.

    Attributes:
        counts: What became of the packs so far.
    """

    def __init__(
        self, decoder: Decoder, *, config: GraphConfig | None = None, recorder: Recorder | None = None
    ) -> None:
        """Wrap a decoder; graphs are recorded when they are first needed.

        Args:
            decoder: The model.
            config: How many graphs of which size.
            recorder: What records; None for CUDA graphs.

        Raises:
            InvalidInputError: If the decoder is not on a CUDA device, or its attention cannot be recorded.
        """
        if recorder is None and decoder.device.type != "cuda":
            raise InvalidInputError("cuda_graphs", f"need a CUDA device, and the model is on {decoder.device.type}")
        if not isinstance(decoder.attention.plan([1], is_causal=True, device=decoder.device), VarlenPlan):
            raise InvalidInputError(
                "cuda_graphs",
                f"attention {decoder.attention.name!r} cannot be recorded",
                hint="flash_varlen and torch_varlen can, on a CUDA device in bf16 or fp16",
            )
        self.counts = GraphCounts()
        self._decoder = decoder
        self._limits = config or GraphConfig()
        self._recorder = recorder or CudaRecorder(decoder.device)
        self._graphs: OrderedDict[Bucket, _Recorded] = OrderedDict()
        self._broken: set[Bucket] = set()
        self._lock = threading.Lock()  # the graphs share their inputs and their memory

    @property
    def config(self) -> DecoderConfig:
        """The decoder's shape."""
        return self._decoder.config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._decoder.device

    @property
    def dtype(self) -> torch.dtype:
        """Number type of the element-wise work."""
        return self._decoder.dtype

    @property
    def precision(self) -> str:
        """As `Decoder.precision`."""
        return self._decoder.precision

    @property
    def num_bytes(self) -> int:
        """As `Decoder.num_bytes`; the graphs themselves come on top."""
        return self._decoder.num_bytes

    def all_positions(self, pack: Pack) -> Tensor:
        """Hidden states of every packed token, without a graph."""
        return self._decoder.all_positions(pack)

    @torch.inference_mode()
    def __call__(self, pack: Pack) -> Tensor:
        """Hidden states of each sequence's last token after the final norm; `[N, M]`, as `Decoder.forward`."""
        bucket = Bucket.of(pack.lengths)
        if bucket.num_tokens > self._limits.max_tokens:
            self.counts.too_large += 1
            return self._run_eagerly(pack)
        with self._lock:
            recorded = self._graph(bucket, pack)
            if recorded is not None:
                self._decoder.check_ids(pack.tokens_T)
                self.counts.replayed += 1
                return recorded.run(pack)
            self.counts.failed += 1
        return self._run_eagerly(pack)

    def _run_eagerly(self, pack: Pack) -> Tensor:
        hidden_NM: Tensor = self._decoder(pack)
        return hidden_NM

    def _graph(self, bucket: Bucket, pack: Pack) -> _Recorded | None:
        if bucket in self._broken:
            return None
        if bucket in self._graphs:
            self._graphs.move_to_end(bucket)
            return self._graphs[bucket]
        try:
            recorded = self._record(bucket, pack)
        except RuntimeError as error:  # what torch raises for every failure of CUDA
            self._broken.add(bucket)
            logger.warning("no CUDA graph for %s, its packs run without: %s", bucket, str(error).splitlines()[0])
            return None
        self.counts.recorded += 1
        self._graphs[bucket] = recorded
        if len(self._graphs) > self._limits.max_graphs:
            self._graphs.popitem(last=False)
            self.counts.evicted += 1
        return recorded

    def _record(self, bucket: Bucket, pack: Pack) -> _Recorded:
        decoder, device = self._decoder, self._decoder.device
        decoder.check_ids(pack.tokens_T)
        lengths = bucket.filled(pack.lengths)
        tokens = torch.empty(bucket.num_tokens, dtype=torch.long, device=device)
        positions = torch.empty_like(tokens)
        fill_inputs(pack, tokens, positions)
        last = (torch.tensor(lengths).cumsum(0) - 1).to(device)
        plan = decoder.attention.plan(lengths, is_causal=decoder.config.is_causal, device=device)
        assert isinstance(plan, VarlenPlan), "refused in __init__"
        plan = plan.widened(bucket.num_tokens)

        def work() -> Tensor:
            return decoder.climb(*decoder.embed(tokens, positions), plan, last_N=last)

        replay, result = self._recorder.record(work, warmup_runs=self._limits.warmup_runs)
        return _Recorded(
            bucket=bucket,
            tokens_T=tokens,
            positions_T=positions,
            last_N=last,
            plan=plan,
            replay=replay,
            result_NM=result,
        )


def fill_inputs(pack: Pack, tokens_T: Tensor, positions_T: Tensor) -> None:
    """Write a pack's tokens and places, and dummies behind them.

    Args:
        pack: The pack.
        tokens_T: Token ids of the bucket, written over.
        positions_T: Places of the bucket, written over.
    """
    held = len(pack.tokens_T)
    tokens_T[:held].copy_(pack.tokens_T)
    tokens_T[held:].fill_(_DUMMY_TOKEN)
    positions_T[:held].copy_(pack.positions_T)
    positions_T[held:].zero_()
