import io

import pytest
from rich.console import Console

from embedrank.cli.render_stages import stage_table
from embedrank.core.types import Scored
from embedrank.search.ranking import Ranking
from tests.search.fakes import ListStore, chunk

CHUNKS = [chunk(name, f"text of {name}") for name in "abcdefgh"]
STORE = ListStore(CHUNKS, [[0.0]] * len(CHUNKS))


def ranked(names):
    return [Scored(id=f"{name}#0", score=float(-place)) for place, name in enumerate(names)]


def shown(ranking, gold, width=80):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(stage_table(ranking, gold=gold, chunks=STORE))
    return console.export_text().splitlines()


def ranking(final="dcbahgfe", logits=None):
    lists = {"dense": ranked("abcdefgh"), "lexical": ranked("ba"), "fused": ranked("bacdefgh")}
    return Ranking(query="q", recalled=lists, logits=logits or {}, final=ranked(final), chunks={})


def test_each_document_has_its_rank_in_each_stage():
    lines = shown(ranking(), gold={"b"})
    assert lines[0].split() == ["document", "BM25", "dense", "fused", "final"]
    row = next(line for line in lines if "text of b" in line)
    assert row.split() == ["✓", "text", "of", "b", "#1", "#2", "#1", "#3"]
    assert "–" in next(line for line in lines if "text of d" in line)


def test_the_final_order_has_no_column_where_the_last_stage_decided():
    assert shown(ranking(final="bacdefgh"), gold=set())[0].split()[-1] == "fused"


def test_gold_is_shown_wherever_it_stands_and_told_where_it_is_missing():
    assert any("✓" in line and "text of e" in line for line in shown(ranking(), gold={"e"}))
    assert any("✗" in line and "not recalled" in line for line in shown(ranking(), gold={"z"}))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_table_fits_the_terminal(width):
    assert all(len(line) <= width for line in shown(ranking(), gold={"b"}, width=width))
