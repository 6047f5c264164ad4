"""A decoder laid out to compare orders documents by what they share with the query before it has learned anything."""

from __future__ import annotations

import pytest
import torch

from embedrank.core.errors import ConfigError
from embedrank.model.decoder import Decoder
from embedrank.model.initialize import initialize
from embedrank.model.packing import Pack
from embedrank.training.comparing import QUERY, centre, start_comparing
from tests.model.conftest import pico_config, pico_decoder

OPENING, LAST, NO, YES = 1, 2, 3, 4
FIRST_WORD, NUM_WORDS = 10, 200


def prompt(query: list[int], document: list[int]) -> list[int]:
    return [5, 6, 7, *query, OPENING, *document, 8, LAST]


def comparing_decoder(table: torch.Tensor) -> Decoder:
    full = {"num_attention_heads": 5, "num_key_value_heads": 5, "head_dim": 64, "intermediate_size": 320}
    decoder = Decoder(pico_config(vocab_size=NUM_WORDS, hidden_size=QUERY.stop, **full))
    initialize(decoder, seed=0)
    start_comparing(decoder, table, opening_id=OPENING, last_id=LAST, answers=(NO, YES))
    return decoder


def test_documents_that_share_words_with_the_query_come_first() -> None:
    generator = torch.Generator().manual_seed(0)
    decoder = comparing_decoder(torch.randn(NUM_WORDS, QUERY.stop, generator=generator))

    def words(count: int) -> list[int]:
        return torch.randint(FIRST_WORD, NUM_WORDS, (count,), generator=generator).tolist()

    queries = [words(6) for _ in range(60)]
    right = [[*query[:4], *words(6)] for query in queries]
    wrong = [words(10) for _ in queries]
    prompts = [prompt(*pair) for documents in (right, wrong) for pair in zip(queries, documents, strict=True)]
    centre(decoder, prompts, last_id=LAST, answers=(NO, YES))
    with torch.no_grad():
        hidden = decoder(Pack.of(prompts))
        table = decoder.embed_tokens.weight
        logits = hidden @ (table[YES] - table[NO])
    assert float((logits[:60] > logits[60:]).float().mean()) > 0.85
    assert abs(float(logits.mean())) < 0.3
    assert float(logits.std()) == pytest.approx(1.0, abs=0.3)


def test_a_decoder_without_room_for_the_parts_is_refused() -> None:
    with pytest.raises(ConfigError, match="hidden_size"):
        start_comparing(pico_decoder(), torch.zeros(320, 48), opening_id=1, last_id=2, answers=(3, 4))
