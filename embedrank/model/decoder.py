"""The Qwen3 decoder over packed sequences.

It returns hidden states, never logits: embedders pool them, rerankers multiply them with two rows. The last layer is
computed at the pooled positions only, because nothing else of it is read.

Shape suffixes: T packed tokens, N sequences, M hidden size, A all heads of a token (H * D).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from embedrank.core.errors import TokenIdError
from embedrank.model.attention import Attention, KeysValues, RopeTables
from embedrank.model.attention_backends import BACKENDS, AttentionBackend, AttentionPlan
from embedrank.model.config import DecoderConfig
from embedrank.model.mlp import MLP
from embedrank.model.norm import RMSNorm
from embedrank.model.packing import Pack
from embedrank.model.rope import rope_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Keys and values, layer by layer, of tokens that come before every sequence of later packs."""

    layers: tuple[KeysValues, ...]
    num_tokens: int


class Blocks(NamedTuple):
    """The position-wise halves of a layer as functions of the layer: plain or compiled, shared by all layers."""

    ask: Callable[..., tuple[Tensor, KeysValues]]
    ask_last: Callable[..., tuple[Tensor, KeysValues]]
    add: Callable[..., Tensor]


class DecoderLayer(nn.Module):
    """Attention and feed-forward, each behind a norm and added to the stream."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = MLP(config)
        self.input_layernorm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.post_attention_layernorm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)

    def ask(self, hidden_TM: Tensor, rope: RopeTables) -> tuple[Tensor, KeysValues]:
        """Queries, and keys with values, of every token."""
        normed = self.input_layernorm(hidden_TM)
        return self.self_attn.queries(normed, rope), self.self_attn.keys_values(normed, rope)

    def ask_last(self, hidden_TM: Tensor, rope: RopeTables, rows_N: Tensor) -> tuple[Tensor, KeysValues]:
        """Queries of the tokens `rows_N` only, keys with values of every token."""
        normed = self.input_layernorm(hidden_TM)
        rope_N = (rope[0][rows_N], rope[1][rows_N])
        return self.self_attn.queries(normed[rows_N], rope_N), self.self_attn.keys_values(normed, rope)

    def add(self, hidden_TM: Tensor, mixed_TA: Tensor) -> Tensor:
        """Add attention's result and the feed-forward block to the stream."""
        hidden_TM = self.self_attn.o_proj.plus(mixed_TA, hidden_TM)
        added: Tensor = self.mlp(self.post_attention_layernorm(hidden_TM), hidden_TM)
        return added

    def keys_values(self, hidden_TM: Tensor, rope: RopeTables) -> KeysValues:
        """Keys with values of every token, and nothing else."""
        return self.self_attn.keys_values(self.input_layernorm(hidden_TM), rope)

    def forward(
        self,
        hidden_TM: Tensor,
        rope: RopeTables,
        plan: AttentionPlan,
        *,
        blocks: Blocks,
        last_N: Tensor | None = None,
        before: KeysValues | None = None,
    ) -> tuple[Tensor, KeysValues]:
        """The whole layer, in one call so that what wraps layers (sharding, recomputation) has something to hold.

        Args:
            hidden_TM: The stream.
            rope: RoPE tables.
            plan: Who sees whom.
            blocks: This class's `ask`, `ask_last` and `add`, compiled or not.
            last_N: Tokens whose result is wanted; None for all.
            before: Keys and values of a shared prefix.

        Returns:
            The stream after the layer, `[N, M]` or `[T, M]`, and the keys with values of every token.
        """
        if last_N is None:
            queries, keys_values = blocks.ask(self, hidden_TM, rope)
        else:
            queries, keys_values = blocks.ask_last(self, hidden_TM, rope, last_N)
            hidden_TM = hidden_TM[last_N]
        mixed_TA = plan.attend(queries, *keys_values, prefix=before, last_only=last_N is not None)
        return blocks.add(self, hidden_TM, mixed_TA), keys_values


class Decoder(nn.Module):
    """Token embedding, layers, final norm. Serves and trains.

    Attributes:
        attention: How attention is computed; see `choose_attention`.
        max_padding: Largest share of padding inside an attention group; a matter of speed only.
        quantised_as: Name of the scheme that its projections are in; None where they are plain.
    """

    def __init__(self, config: DecoderConfig) -> None:
        """Make a decoder with unset weights.

        Args:
            config: Its shape.
        """
        super().__init__()
        self.config = config
        self.attention: AttentionBackend = BACKENDS["grouped"]
        self.max_padding = 0.0
        self.quantised_as: str | None = None
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(DecoderLayer(config) for _ in range(config.num_hidden_layers))
        self.norm = RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self._blocks = Blocks(DecoderLayer.ask, DecoderLayer.ask_last, DecoderLayer.add)

    def compile_blocks(self) -> None:
        """Fuse the element-wise work of the layers with `torch.compile`; needs a C++ compiler and half a minute.

        All layers share the compiled blocks, and the number of tokens may vary. Results stay within rounding.
        """
        self._blocks = Blocks(
            ask=torch.compile(DecoderLayer.ask, dynamic=True),
            ask_last=torch.compile(DecoderLayer.ask_last, dynamic=True),
            add=torch.compile(DecoderLayer.add, dynamic=True),
        )

    def forward(self, pack: Pack, *, prefix: Prefix | None = None) -> Tensor:
        """Hidden states of each sequence's last token after the final norm.

        Args:
            pack: The sequences; with a prefix, packed with `offset=prefix.num_tokens`.
            prefix: Shared tokens before every sequence, from `prefill`.

        Returns:
            `[N, M]` in the pack's order.

        Raises:
            TokenIdError: If an id is outside the embedding table.
        """
        return self._run(pack, prefix=prefix, last_only=True)

    def all_positions(self, pack: Pack) -> Tensor:
        """Hidden states of every packed token after the final norm, `[T, M]`."""
        return self._run(pack, prefix=None, last_only=False)

    def prefill(self, tokens: list[int]) -> Prefix:
        """Compute a shared prefix once.

        Args:
            tokens: Its token ids, at least one.

        Returns:
            What later packs need of it.

        Raises:
            TokenIdError: If an id is outside the embedding table.
        """
        assert self.config.is_causal, "a prefix that sees what follows it cannot be shared"
        pack = Pack.of([tokens], device=self.device)
        hidden, rope, plan = self.enter(pack, num_prefix=0)
        kept: list[KeysValues] = []
        for layer in self._stack[:-1]:
            hidden, keys_values = layer(hidden, rope, plan, blocks=self._blocks)
            kept.append(keys_values)
        kept.append(self._stack[-1].keys_values(hidden, rope))
        return Prefix(layers=tuple(kept), num_tokens=len(tokens))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.embed_tokens.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Number type of the element-wise work; a quantised decoder's token table may be stored in another."""
        return self.norm.weight.dtype

    @property
    def precision(self) -> str:
        """What the numbers of a result depend on beside the weights, such as `float32` or `int8 in float32`."""
        number_type = str(self.dtype).removeprefix("torch.")
        return f"{self.quantised_as} in {number_type}" if self.quantised_as else number_type

    @property
    def num_bytes(self) -> int:
        """Memory that weights and buffers take."""
        tensors = [*self.parameters(), *self.buffers()]
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

    @property
    def _stack(self) -> list[DecoderLayer]:
        return [layer for layer in self.layers if isinstance(layer, DecoderLayer)]

    def _run(self, pack: Pack, *, prefix: Prefix | None, last_only: bool) -> Tensor:
        hidden, rope, plan = self.enter(pack, num_prefix=prefix.num_tokens if prefix else 0)
        return self.climb(hidden, rope, plan, last_N=pack.last_N if last_only else None, prefix=prefix)

    def climb(
        self,
        hidden: Tensor,
        rope: RopeTables,
        plan: AttentionPlan,
        *,
        last_N: Tensor | None = None,
        prefix: Prefix | None = None,
    ) -> Tensor:
        """Take embedded tokens through all layers and the final norm.

        Args:
            hidden: Embedded tokens `[T, M]`, from `embed`.
            rope: RoPE tables, likewise.
            plan: Who sees whom.
            last_N: Each sequence's last token where only these are wanted, else None.
            prefix: Shared tokens before every sequence.

        Returns:
            `[N, M]` for the last tokens, else `[T, M]`.
        """
        stack = self._stack
        for depth, layer in enumerate(stack):
            hidden, _ = layer(
                hidden,
                rope,
                plan,
                blocks=self._blocks,
                last_N=last_N if depth == len(stack) - 1 else None,
                before=prefix.layers[depth] if prefix else None,
            )
        normed: Tensor = self.norm(hidden)
        return normed

    def enter(self, pack: Pack, *, num_prefix: int = 0) -> tuple[Tensor, RopeTables, AttentionPlan]:
        """What all layers of a pass share.

        Args:
            pack: The sequences.
            num_prefix: Tokens of a shared prefix.

        Returns:
            The embedded tokens `[T, M]`, RoPE tables, and who sees whom.

        Raises:
            TokenIdError: If an id is outside the embedding table.
        """
        self.check_ids(pack.tokens_T)
        hidden_TM, rope = self.embed(pack.tokens_T, pack.positions_T)
        plan = self.attention.plan(
            pack.lengths,
            is_causal=self.config.is_causal,
            num_prefix=num_prefix,
            max_padding=self.max_padding,
            device=hidden_TM.device,
        )
        return hidden_TM, rope, plan

    def embed(self, tokens_T: Tensor, positions_T: Tensor) -> tuple[Tensor, RopeTables]:
        """Embedded tokens `[T, M]` and the RoPE tables of their places."""
        hidden_TM = self.embed_tokens(tokens_T)
        if torch.is_autocast_enabled(hidden_TM.device.type):
            hidden_TM = hidden_TM.to(torch.get_autocast_dtype(hidden_TM.device.type))
        rope = rope_tables(
            positions_T, head_dim=self.config.head_dim, theta=self.config.rope_theta, dtype=hidden_TM.dtype
        )
        return hidden_TM, rope

    def check_ids(self, tokens_T: Tensor) -> None:
        """Refuse ids outside the embedding table with a TokenIdError."""
        outside = (tokens_T < 0) | (tokens_T >= self.config.vocab_size)
        if bool(outside.any()):
            position = int(outside.nonzero()[0])
            raise TokenIdError(int(tokens_T[position]), position=position, table_size=self.config.vocab_size)
