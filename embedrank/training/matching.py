"""Warm start of a small reranker: a decoder that matches query and document before it has learned anything.

A cross-encoder trained from nothing on few rows stays at chance for long (LOG.md): nothing in it compares what it knows
of the query with what it knows of the document. These weights do, on a token table learned as a bag
(`token_table.py`):

    layer 0   tells every token whether it stands in the query or in the document, and which token came before it
    layer 1   lets every token look for itself in the query: the same token, a similar one, the same pair of tokens;
              and fetches the mean of the query. Where a token stands for the k-th time in the document, its earlier
              places share its attention with the query, so that repetition counts less and less, as in BM25.
              The feed-forward block weighs each match by the token's rarity.
    layer 2   averages the matches and the tokens of the document, and picks out the best matches; its feed-forward
              block multiplies the document's mean with the query's, number by number:  silu(q) d - silu(-q) d = q d
    layer 3   is left to training
    head      a linear model of what was found, fitted by `fit_answers`

Everything stays trainable. The stream of M numbers is divided into named places, below. Shape suffixes: V vocabulary,
M hidden size, N prompts, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.model.attention import Attention
from embedrank.model.config import DecoderConfig
from embedrank.model.decoder import Decoder, DecoderLayer
from embedrank.model.mlp import MLP
from embedrank.model.packing import Pack, pack_by_budget
from embedrank.training.losses.listwise import listwise
from embedrank.training.losses.yes_no import yes_no_two_tokens
from embedrank.training.token_table import SILENT

WIDTH: Final = 96  # numbers of a token that the bag's mean passes on
TABLE_SIZE: Final = WIDTH + SILENT
SHAPE: Final = {"hidden_size": 256, "head_dim": 64, "num_attention_heads": 6, "num_key_value_heads": 6}
MIN_LAYERS: Final = 4
MIN_FEED_FORWARD: Final = 3 + 2 * WIDTH

# Places in the stream.
CONTENT, MEAN = slice(0, TABLE_SIZE), slice(0, WIDTH)
RARITY, ONE, QUERY_MARK, DOCUMENT_MARK, IN_QUERY, IN_DOCUMENT = range(TABLE_SIZE, TABLE_SIZE + 6)
MATCH = slice(118, 121)  # the same token, a similar token, the same pair
WEIGHED = slice(121, 124)  # each times the token's rarity
RELEVANCE, PRODUCT = 124, 125
PEAK = slice(126, 128)  # best similar token, best pair
PREVIOUS, FETCHED = slice(128, 160), slice(160, 256)
FEATURES: Final = (*range(118, 128), ONE)

# Places in a head. RoPE turns number i of each half by 1e6 ** (-i / 32) a token: the first halves tell neighbours
# apart, the last hardly turn over a document.
NEAR: Final = (0, 1, 2, 3, 4, 5)
SLOW: Final = (*range(16, 29), *range(48, 61))
NONE, FIRST, SECOND = 31, 30, 29

HALF: Final = 32
THETA: Final = 1e6
MARK, CONSTANT, RAREST, SEGMENT, INDICATOR = 8.0, 2.0, 2.0, 3.0, 3.0  # sizes in the stream
# For each kind of match: the advantage of tokens of the query over the token itself, and what dulls the logits.
KINDS: Final = ((1.0, 0.0), (4.0, 19.0), (2.0, 0.0))
SCALE: Final = 1.25  # about what the norm before a layer multiplies by
FIT_STEPS: Final = 300
DECAY: Final = 1e-3
PACK_TOKENS: Final = 8192


def start_matching(
    decoder: Decoder,
    table_VC: Tensor,
    rarity_V: Tensor,
    *,
    marks: tuple[int, int],
    silent: Sequence[int],
    seed: int = 0,
) -> None:
    """Set the weights of a freshly initialised decoder so that it matches.

    Args:
        decoder: Of the shape in `SHAPE`, changed in place.
        table_VC: Token table learned as a bag, `TABLE_SIZE` numbers a token.
        rarity_V: How rare each token is, 0 (in every text) to 1.
        marks: The tokens that open the query and the document in the prompt, and stand nowhere else.
        silent: Tokens of the prompt that should match nothing.
        seed: Of the random projections.

    Raises:
        ConfigError: If the decoder's shape leaves no room for the parts.
    """
    _check(decoder.config)
    generator = torch.Generator().manual_seed(seed)
    segments, matches, sums = (_layer(decoder, depth) for depth in range(3))
    with torch.no_grad():
        _fill_table(decoder.embed_tokens.weight, table_VC, rarity_V, marks, silent)
        _mark_segments(segments.self_attn)
        _fetch_previous(segments.self_attn, generator)
        _sharpen(segments.self_attn, slow=24.0, near=80.0)
        content_VM = decoder.embed_tokens.weight[:, CONTENT]
        _match(matches.self_attn, _main_directions(content_VM, rarity_V), generator)
        _fetch_mean(matches.self_attn, heads=(3, 4), mark=IN_QUERY, source=MEAN, target=FETCHED)
        _sharpen(matches.self_attn, slow=60.0)
        _weigh(matches.mlp)
        _multiply(matches.mlp, CONTENT, RELEVANCE, scale=0.3, first_unit=3)
        _fetch_mean(sums.self_attn, heads=(0, 1), mark=IN_DOCUMENT, source=MEAN, target=MEAN)
        _average_matches(sums.self_attn)
        _pick_peaks(sums.self_attn)
        _sharpen(sums.self_attn, slow=24.0)
        _multiply(sums.mlp, MEAN, PRODUCT, scale=1.0, first_unit=3)


def fit_answers(
    decoder: Decoder, prompts: Sequence[Sequence[int]], counts: Sequence[int], *, answers: tuple[int, int]
) -> Tensor:
    """Set the rows of the answers to a linear model of what the decoder found.

    Args:
        decoder: From `start_matching`, changed in place.
        prompts: Token ids; for each query its positive, then its negatives.
        counts: Prompts per query.
        answers: Ids of no and yes.

    Returns:
        The weight of each of `FEATURES` after scaling to unit spread, `[F]`.
    """
    table = decoder.embed_tokens.weight
    with torch.no_grad():
        hidden_NM = _last_hidden(decoder, prompts)
        features_NF = hidden_NM[:, FEATURES].float()
        spread_F = features_NF.std(0).clamp_min(1e-3)
        labels_N = torch.zeros(len(prompts), dtype=torch.long)
        labels_N[torch.tensor([0, *counts[:-1]]).cumsum(0)] = 1
    with torch.autocast(table.device.type, enabled=False):
        weights_F = _fit(features_NF / spread_F, labels_N, counts)
    with torch.no_grad():
        table[list(answers), CONTENT] = table[list(answers), CONTENT].mean(0)  # as words they cannot differ
        for token, sign in zip(answers, (-0.5, 0.5), strict=True):
            table[token, FEATURES] = sign * weights_F / spread_F
    return weights_F


def _fit(features_NF: Tensor, labels_N: Tensor, counts: Sequence[int]) -> Tensor:
    weights_F = torch.zeros(features_NF.shape[1], requires_grad=True)
    optimizer = torch.optim.Adam([weights_F], lr=0.05)
    for _ in range(FIT_STEPS):
        optimizer.zero_grad()
        logits_N = features_NF @ weights_F
        both_N2 = torch.stack((torch.zeros_like(logits_N), logits_N), dim=1)
        loss = yes_no_two_tokens(both_N2, labels_N) + listwise(logits_N, counts) + DECAY * weights_F.square().sum()
        loss.backward()
        optimizer.step()
    return weights_F.detach()


def _last_hidden(decoder: Decoder, prompts: Sequence[Sequence[int]]) -> Tensor:
    packs = list(pack_by_budget([len(prompt) for prompt in prompts], max_tokens=PACK_TOKENS))
    hidden = torch.cat([decoder(Pack.of([prompts[index] for index in pack])) for pack in packs])
    return hidden[torch.tensor([index for pack in packs for index in pack]).argsort()]


def _check(config: DecoderConfig) -> None:
    for name, size in SHAPE.items():
        if getattr(config, name) != size:
            raise ConfigError("DecoderConfig", name, getattr(config, name), f"must be {size} to start by matching")
    for name, least in (("num_hidden_layers", MIN_LAYERS), ("intermediate_size", MIN_FEED_FORWARD)):
        if getattr(config, name) < least:
            raise ConfigError("DecoderConfig", name, getattr(config, name), f"must be at least {least}")


def _layer(decoder: Decoder, depth: int) -> DecoderLayer:
    layer = decoder.layers[depth]
    assert isinstance(layer, DecoderLayer)
    return layer


def _fill_table(
    table_VM: Tensor, bag_VC: Tensor, rarity_V: Tensor, marks: tuple[int, int], silent: Sequence[int]
) -> None:
    table_VM.zero_()
    table_VM[:, CONTENT] = torch.nn.functional.rms_norm(bag_VC, (TABLE_SIZE,))
    table_VM[:, RARITY] = RAREST * rarity_V
    table_VM[list((*marks, *silent)), : RARITY + 1] = 0
    table_VM[:, ONE] = CONSTANT
    for token, place in zip(marks, (QUERY_MARK, DOCUMENT_MARK), strict=True):
        table_VM[token, place] = MARK


def _sharpen(attention: Attention, *, slow: float, near: float = 0.0) -> None:
    """Scale of the attention logits: that of a cosine of 1, by places in the head."""
    sharpness = torch.full((2 * HALF,), 0.05)
    sharpness[list((*SLOW, NONE, FIRST, SECOND))] = (slow / 8) ** 0.5
    sharpness[[place + half for place in NEAR for half in (0, HALF)]] = (near / 8) ** 0.5
    attention.q_norm.weight.copy_(sharpness)
    attention.k_norm.weight.copy_(sharpness)


def _rows(head: int) -> int:
    return head * 2 * HALF


def _clear(attention: Attention, head: int) -> None:
    rows = slice(_rows(head), _rows(head + 1))
    for projection in (attention.q_proj, attention.k_proj, attention.v_proj):
        projection.weight[rows] = 0
    attention.o_proj.weight[:, rows] = 0


def _mark_segments(attention: Attention) -> None:
    """Head 0: attend to the mark of the document, before it to that of the query."""
    _clear(attention, 0)
    query, key = attention.q_proj.weight, attention.k_proj.weight
    query[SECOND, ONE], query[FIRST, ONE], query[NONE, ONE] = 1.0, 0.5, -0.2
    key[NONE, ONE], key[FIRST, QUERY_MARK], key[SECOND, DOCUMENT_MARK] = 1.0, 1.0, 1.0
    for value, (mark, target) in enumerate(((QUERY_MARK, IN_QUERY), (DOCUMENT_MARK, IN_DOCUMENT))):
        attention.v_proj.weight[value, mark] = 1.0
        attention.o_proj.weight[target, value] = SEGMENT / (1.9 * MARK)


def _fetch_previous(attention: Attention, generator: torch.Generator) -> None:
    """Head 1: attend one token back, by turning the key one token ahead."""
    _clear(attention, 1)
    row = _rows(1)
    for place in NEAR:
        angle = torch.tensor(THETA ** (-place / HALF))
        attention.q_proj.weight[row + place, ONE] = 1.0
        attention.k_proj.weight[row + place, ONE] = angle.cos()
        attention.k_proj.weight[row + place + HALF, ONE] = angle.sin()
    width = PREVIOUS.stop - PREVIOUS.start
    attention.v_proj.weight[row : row + width, CONTENT] = _projection(width, TABLE_SIZE, generator)
    attention.o_proj.weight[PREVIOUS, row : row + width] = torch.eye(width)


def _match(attention: Attention, directions: Tensor, generator: torch.Generator) -> None:
    """Heads 0 to 2: the same token, a similar one, the same pair; tokens of the query have the advantage."""
    half = len(SLOW) // 2
    whole = _projection(len(SLOW), TABLE_SIZE, generator)
    for head, (bonus, dulled) in enumerate(KINDS):
        _clear(attention, head)
        row = _rows(head)
        for projection in (attention.q_proj, attention.k_proj):
            if head == 0:
                projection.weight[[row + place for place in SLOW], CONTENT] = whole
            elif head == 1:
                projection.weight[[row + place for place in SLOW], CONTENT] = directions
            else:
                projection.weight[[row + place for place in SLOW[:half]], CONTENT] = whole[:half]
                projection.weight[[row + place for place in SLOW[half:]], PREVIOUS] = torch.eye(32)[:half]
        attention.q_proj.weight[row + FIRST, ONE] = bonus / (SCALE * CONSTANT)
        attention.k_proj.weight[row + FIRST, IN_QUERY] = bonus / (SCALE * SEGMENT)
        attention.q_proj.weight[row + NEAR[0], ONE] = dulled / (SCALE * CONSTANT)
        attention.v_proj.weight[row, IN_QUERY] = 1.0
        attention.o_proj.weight[MATCH.start + head, row] = INDICATOR / (SCALE * SEGMENT)


def _fetch_mean(attention: Attention, *, heads: tuple[int, int], mark: int, source: slice, target: slice) -> None:
    """Two heads: attend evenly to the tokens that carry a mark, and bring the mean of what they hold."""
    width, done = source.stop - source.start, 0
    for head in heads:
        _clear(attention, head)
        row, size = _rows(head), min(2 * HALF, width - done)
        attention.q_proj.weight[row + FIRST, ONE], attention.q_proj.weight[row + NONE, ONE] = 1.0, -0.3
        attention.k_proj.weight[row + NONE, ONE], attention.k_proj.weight[row + FIRST, mark] = 0.5, 1.0
        for value in range(size):
            attention.v_proj.weight[row + value, source.start + done + value] = 1.0
            attention.o_proj.weight[target.start + done + value, row + value] = 2.0
        done += size


def _average_matches(attention: Attention) -> None:
    """The second head of the document's mean has room left: it averages the matches too."""
    row = _rows(1) + WIDTH - 2 * HALF
    for value, place in enumerate(range(MATCH.start, RELEVANCE + 1)):
        attention.v_proj.weight[row + value, place] = 1.0
        attention.o_proj.weight[place, row + value] = 4.0


def _pick_peaks(attention: Attention) -> None:
    """Heads 2 and 3: attend to the strongest matches."""
    for head, peak, place in ((2, PEAK.start, WEIGHED.start + 1), (3, PEAK.start + 1, WEIGHED.start + 2)):
        _clear(attention, head)
        row = _rows(head)
        attention.q_proj.weight[row + FIRST, ONE] = 1.0
        attention.k_proj.weight[row + NONE, ONE], attention.k_proj.weight[row + FIRST, place] = 1.0, 0.5
        attention.v_proj.weight[row, place] = 1.0
        attention.o_proj.weight[peak, row] = 1.0


def _weigh(mlp: MLP) -> None:
    """Units 0 to 2: each match times the rarity of its token."""
    for unit in range(3):
        for projection in (mlp.gate_proj, mlp.up_proj):
            projection.weight[unit] = 0
        mlp.down_proj.weight[:, unit] = 0
        mlp.gate_proj.weight[unit, MATCH.start + unit] = 2.0
        mlp.up_proj.weight[unit, RARITY] = 1.0
        mlp.down_proj.weight[WEIGHED.start + unit, unit] = 0.3


def _multiply(mlp: MLP, own: slice, target: int, *, scale: float, first_unit: int) -> None:
    """Units from `first_unit`: the query's mean times what stands in `own`, summed into one number."""
    eye = torch.eye(WIDTH)
    for sign, start in ((1.0, first_unit), (-1.0, first_unit + WIDTH)):
        units = slice(start, start + WIDTH)
        mlp.gate_proj.weight[units] = 0
        mlp.gate_proj.weight[units, FETCHED] = sign * 2 * eye
        mlp.up_proj.weight[units] = 0
        mlp.up_proj.weight[units, own.start : own.start + WIDTH] = eye
        mlp.down_proj.weight[:, units] = 0
        mlp.down_proj.weight[target, units] = sign * scale / WIDTH**0.5


def _projection(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Orthonormal rows in random directions."""
    orthonormal: Tensor = torch.linalg.qr(torch.randn(columns, rows, generator=generator))[0].T
    return orthonormal


def _main_directions(content_VC: Tensor, rarity_V: Tensor) -> Tensor:
    """Orthonormal rows that keep most of what tells tokens apart in meaning; rare tokens count more."""
    passing = content_VC * rarity_V[:, None]
    passing = torch.cat((passing[:, :WIDTH], torch.zeros(len(passing), SILENT)), dim=1)
    directions: Tensor = torch.linalg.eigh(passing.T @ passing)[1].T
    return directions[-len(SLOW) :]
