"""Warm start of a small reranker: a decoder that compares query and document before it has learned anything.

A cross-encoder trained from nothing on few rows stays at chance for long (LOG.md): nothing in it multiplies what it
knows of the query with what it knows of the document. These weights do. With a token table learned as a bag
(`token_table.py`):

    layer 0   attends evenly, so that every token holds the mean of the tokens up to it
    layer 1   lets the last token fetch the mean at the token that opens the document, which is that of the query;
              its feed-forward block multiplies both means number by number:  silu(q) d - silu(-q) d = q d
    head      reads the sum of the products as yes against no

Everything stays trainable; the other layers start small and random as usual.

The stream of M numbers is divided: `DOCUMENT` holds means, `CONTROL` what tells tokens apart, `QUERY` the fetched mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder, DecoderLayer
from embedrank.model.packing import Pack
from embedrank.training.token_table import EVEN_ATTENTION

WIDTH = 128  # numbers compared; the table must be trained to work in this prefix (Matryoshka)
HEAD = 64
DOCUMENT, CONTROL, QUERY = slice(0, WIDTH), slice(WIDTH, WIDTH + HEAD), slice(WIDTH + HEAD, 2 * WIDTH + HEAD)
FAST_SHARE = 0.45  # share of RoPE's frequencies that turn too fast to tell a token at a distance
GAIN, FETCH_GAIN, SHARPNESS, MASS = 4.0, 4.0, 2.0, 40.0
PRODUCT_SPREAD = 2.0  # standard deviation of the summed products in the stream: seen, but not drowning the rest
SPREAD = 1.0  # standard deviation of the first logits


def start_comparing(
    decoder: Decoder, table_VM: Tensor, *, opening_id: int, last_id: int, answers: tuple[int, int]
) -> None:
    """Set the weights of a freshly initialised decoder so that it compares.

    Args:
        decoder: Hidden size 320, five full heads of 64, changed in place.
        table_VM: Token table learned as a bag.
        opening_id: The token that opens the document part of the prompt, and stands nowhere else.
        last_id: The prompt's last token.
        answers: Ids of no and yes.

    Raises:
        ConfigError: If the decoder's shape leaves no room for the parts.
    """
    config = decoder.config
    if config.hidden_size != QUERY.stop or config.head_dim != HEAD or config.num_key_value_heads * HEAD != QUERY.stop:
        raise ConfigError("DecoderConfig", "hidden_size", config.hidden_size, f"must be {QUERY.stop}, heads full")
    first, second = decoder.layers[0], decoder.layers[1]
    assert isinstance(first, DecoderLayer) and isinstance(second, DecoderLayer)
    opening, last = _marks()
    with torch.no_grad():
        table = decoder.embed_tokens.weight
        table.copy_(table_VM)
        for token, mark in ((opening_id, opening), (last_id, last)):
            table[token] = 0
            table[token, CONTROL] = mark * MASS
        table[list(answers)] = 0
        table[answers[0], CONTROL.start], table[answers[1], CONTROL.start] = -1.0, 1.0
        _average(first)
        _fetch(second, opening, last)
        _multiply(second)


def centre(decoder: Decoder, prompts: Sequence[Sequence[int]], *, last_id: int, answers: tuple[int, int]) -> None:
    """Subtract what all prompts share, and scale the answers so that logits spread as at the start of training.

    Args:
        decoder: From `start_comparing`, changed in place.
        prompts: Token ids of a few hundred prompts.
        last_id: The prompt's last token.
        answers: Ids of no and yes.
    """
    pack = Pack.of(prompts)
    with torch.no_grad():
        table = decoder.embed_tokens.weight
        for _ in range(2):  # the mean moves a little as the last token's own row changes
            mean_M = _before_feed_forward(decoder, pack).mean(0)
            table[last_id, DOCUMENT] -= mean_M[DOCUMENT]
            table[last_id, QUERY] -= mean_M[QUERY]
        second = decoder.layers[1]
        assert isinstance(second, DecoderLayer)
        products_N = second.mlp(second.post_attention_layernorm(_before_feed_forward(decoder, pack)))[:, CONTROL.start]
        scale = PRODUCT_SPREAD / products_N.std()
        second.mlp.down_proj.weight[CONTROL.start] *= scale
        table[last_id, CONTROL.start] -= products_N.mean() * scale
        logits_N = decoder(pack) @ (table[answers[1]] - table[answers[0]])
        table[list(answers)] *= SPREAD / logits_N.std()


def _marks() -> tuple[Tensor, Tensor]:
    """Two orthogonal unit vectors on RoPE's slow dimensions of one head."""
    generator = torch.Generator().manual_seed(0)
    slow = _slow().float()
    opening = torch.randn(HEAD, generator=generator).sign() * slow
    last = torch.randn(HEAD, generator=generator).sign() * slow
    last = last - opening * (last @ opening) / (opening @ opening)
    return opening / opening.norm(), last / last.norm()


def _slow() -> Tensor:
    return (torch.arange(HEAD // 2) >= int(HEAD // 2 * FAST_SHARE)).repeat(2)


def _average(layer: DecoderLayer) -> None:
    attention = layer.self_attn
    attention.q_norm.weight.fill_(EVEN_ATTENTION)
    attention.v_proj.weight.zero_()
    attention.v_proj.weight[DOCUMENT, DOCUMENT] = torch.eye(WIDTH)
    attention.o_proj.weight.copy_(GAIN * torch.eye(QUERY.stop))


def _fetch(layer: DecoderLayer, opening: Tensor, last: Tensor) -> None:
    attention = layer.self_attn
    sharpness = torch.where(_slow(), SHARPNESS, 0.05)
    attention.q_norm.weight.copy_(sharpness)
    attention.k_norm.weight.copy_(sharpness)
    for head in range(WIDTH // HEAD):
        rows = slice(head * HEAD, (head + 1) * HEAD)
        attention.k_proj.weight[rows] = 0
        attention.k_proj.weight[rows, CONTROL] = torch.eye(HEAD)
        attention.q_proj.weight[rows] = 0
        attention.q_proj.weight[rows, CONTROL] = torch.outer(opening, last)
    attention.v_proj.weight[DOCUMENT] = 0
    attention.v_proj.weight[DOCUMENT, DOCUMENT] = torch.eye(WIDTH)
    attention.o_proj.weight[:, DOCUMENT] = 0
    attention.o_proj.weight[QUERY, DOCUMENT] = FETCH_GAIN * torch.eye(WIDTH)


def _multiply(layer: DecoderLayer) -> None:
    mlp, eye = layer.mlp, torch.eye(WIDTH)
    for sign, units in ((1.0, slice(0, WIDTH)), (-1.0, slice(WIDTH, 2 * WIDTH))):
        mlp.gate_proj.weight[units] = 0
        mlp.gate_proj.weight[units, QUERY] = sign * GAIN * eye
        mlp.up_proj.weight[units] = 0
        mlp.up_proj.weight[units, DOCUMENT] = GAIN * eye
        mlp.down_proj.weight[:, units] = 0
        mlp.down_proj.weight[CONTROL.start, units] = sign


def _before_feed_forward(decoder: Decoder, pack: Pack) -> Tensor:
    """The stream of each prompt's last token after the second layer's attention, `[N, M]`."""
    hidden, rope, plan = decoder.enter(pack)
    first, second = decoder.layers[0], decoder.layers[1]
    assert isinstance(first, DecoderLayer) and isinstance(second, DecoderLayer)
    queries, keys_values = first.ask(hidden, rope)
    hidden = first.add(hidden, plan.attend(queries, *keys_values))
    queries, keys_values = second.ask(hidden, rope)
    fetched: Tensor = second.self_attn.o_proj(plan.attend(queries, *keys_values))
    return (hidden + fetched)[pack.last_N]
