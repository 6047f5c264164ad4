"""A decoder laid out to match orders documents by what they share with the query before it has learned anything."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.packing import Pack
from embedrank.training.matching import (
    IN_DOCUMENT,
    IN_QUERY,
    MATCH,
    MIN_FEED_FORWARD,
    MIN_LAYERS,
    SHAPE,
    TABLE_SIZE,
    WEIGHED,
    fit_answers,
    start_matching,
)
from tests.model.conftest import pico_config, pico_decoder

QUERY, DOCUMENT, NO, YES = 1, 2, 3, 4
FRAME = [5, 6]
FIRST_WORD, NUM_WORDS = 10, 200
HERE, SIMILAR, PAIR = range(MATCH.start, MATCH.stop)


@pytest.fixture
def decoder() -> Decoder:
    generator = torch.Generator().manual_seed(0)
    decoder = Decoder(
        pico_config(vocab_size=NUM_WORDS, num_hidden_layers=MIN_LAYERS, intermediate_size=MIN_FEED_FORWARD, **SHAPE)
    )
    initialize(decoder, seed=0)
    table = torch.randn(NUM_WORDS, TABLE_SIZE, generator=generator)
    start_matching(decoder, table, torch.full((NUM_WORDS,), 0.7), marks=(QUERY, DOCUMENT), silent=FRAME)
    return decoder


def prompt(query: list[int], document: list[int]) -> list[int]:
    return [5, 6, QUERY, *query, DOCUMENT, *document, *FRAME]


def stream_after(decoder: Decoder, depth: int, tokens: list[int]) -> Tensor:
    """The stream of every token after the first `depth` layers."""
    with torch.no_grad():
        hidden, rope, plan = decoder.enter(Pack.of([tokens]))
        for layer in list(decoder.layers)[:depth]:
            queries, keys_values = layer.ask(hidden, rope)
            hidden = layer.add(hidden, plan.attend(queries, *keys_values))
    return hidden


def test_after_one_layer_tokens_know_whether_they_stand_in_the_query_or_the_document(decoder: Decoder) -> None:
    stream = stream_after(decoder, 1, prompt([20, 21, 22], [30, 31]))
    in_query, in_document = slice(3, 6), slice(7, 9)
    assert (stream[in_query, IN_QUERY] > 2.5).all() and (stream[in_query, IN_DOCUMENT] < 0.5).all()
    assert (stream[in_document, IN_DOCUMENT] > 2.5).all() and (stream[in_document, IN_QUERY] < 0.5).all()
    assert (stream[:2, [IN_QUERY, IN_DOCUMENT]].abs() < 0.5).all()


def test_after_two_layers_a_token_knows_whether_it_stands_in_the_query(decoder: Decoder) -> None:
    query, document = [20, 21, 22, 23], [40, 22, 41, 20, 21]
    stream = stream_after(decoder, 2, prompt(query, document))[-len(document) - len(FRAME) : -len(FRAME)]
    shared = torch.tensor([token in query for token in document])
    assert stream[shared, HERE].min() > 1.0 and stream[~shared, HERE].max() < 0.3
    assert stream[shared, WEIGHED.start].min() > stream[~shared, WEIGHED.start].max()
    assert int(stream[:, PAIR].argmax()) == 4, "only 21 follows the same token as in the query"


def test_a_repeated_token_counts_less_each_time(decoder: Decoder) -> None:
    stream = stream_after(decoder, 2, prompt([20, 21], [20, 30, 20, 31, 20, 32, 20]))
    matches = stream[6 : 6 + 7 : 2, HERE].tolist()
    assert matches == sorted(matches, reverse=True) and matches[0] > 1.3 * matches[-1] > 0


def test_documents_that_share_words_with_the_query_come_first(decoder: Decoder) -> None:
    generator = torch.Generator().manual_seed(1)

    def words(count: int) -> list[int]:
        return torch.randint(FIRST_WORD, NUM_WORDS, (count,), generator=generator).tolist()

    def pairs(count: int) -> list[list[int]]:
        queries = [words(6) for _ in range(count)]
        return [
            one
            for query in queries
            for one in (prompt(query, [*query[:2], *words(8)]), prompt(query, words(10)), prompt(query, words(10)))
        ]

    fit_answers(decoder, pairs(40), [3] * 40, answers=(NO, YES))
    with torch.no_grad():
        hidden = decoder(Pack.of(pairs(60)))
        table = decoder.embed_tokens.weight
        logits = (hidden @ (table[YES] - table[NO])).view(60, 3)
    assert float((logits[:, :1] > logits[:, 1:]).all(1).float().mean()) > 0.85  # chance is a third
    assert float(logits[:, 0].mean()) > 0 > float(logits[:, 1:].mean())


def test_a_decoder_without_room_for_the_parts_is_refused() -> None:
    with pytest.raises(ConfigError, match="hidden_size"):
        start_matching(pico_decoder(), torch.zeros(320, TABLE_SIZE), torch.zeros(320), marks=(1, 2), silent=())
