"""Pairs of many queries keep their order, and fail together."""

import asyncio

import numpy as np
import pytest

from embedrank.core.errors import InvalidInputError, TooLargeError
from embedrank.serving.pairs import all_or_none, score_pairs
from embedrank.serving.settings import LimitSettings


def test_each_pair_gets_the_score_it_gets_alone(call):
    pairs = [(f"query {place % 7}", f"document {place}") for place in range(40)]

    async def ask():
        async with call() as client:
            service = client.app.state.service
            together = await score_pairs(service, pairs, model=None)
            alone = [await service.score(query, [document], model=None) for query, document in pairs]
            return together, alone

    together, alone = asyncio.run(ask())
    assert np.allclose(together.scores, [one.scores[0] for one in alone], atol=1e-5)
    assert np.allclose(together.logits, [one.logits[0] for one in alone], atol=1e-4)
    assert together.num_tokens == [one.num_tokens[0] for one in alone]


@pytest.mark.parametrize(
    ("pairs", "error"),
    [([], InvalidInputError), ([("a", "b")] * 6, TooLargeError), ([("a", "b"), ("", "b")], InvalidInputError)],
)
def test_pairs_that_cannot_be_scored_are_refused_as_a_whole(call, pairs, error):
    async def ask():
        async with call(limits=LimitSettings(max_items=5)) as client:
            await score_pairs(client.app.state.service, pairs, model=None)

    with pytest.raises(error):
        asyncio.run(ask())


def test_where_one_fails_the_others_are_cancelled():
    ended = []

    async def wait():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("waiter")

    async def fail():
        await asyncio.sleep(0)
        raise InvalidInputError("it", "fails")

    async def both():
        await all_or_none([wait(), fail()])

    with pytest.raises(InvalidInputError):
        asyncio.run(both())
    assert ended == ["waiter"]
