import json

import lancedb
import numpy as np
import pyarrow.parquet as pq
import pytest

from embedrank.core.errors import ConfigError, InvalidInputError
from embedrank.engine.bulk.config import BulkConfig
from embedrank.engine.bulk.staging import staging_folder
from tests.engine.bulk.fakes import HashEncoder, vector_of
from tests.engine.bulk.running import bulk

TEXTS = [f"text {i % 7} of {i % 3}" for i in range(40)] + ["one two three four five six seven"] * 2
DISTINCT = len(set(TEXTS))


@pytest.fixture
def lines(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS))
    return path


def read(out):
    """Ids and vectors of any output; a matrix knows no ids."""
    if out.suffix == ".npy":
        return None, np.load(out)
    if out.suffix == ".jsonl":
        rows = [json.loads(line) for line in out.read_text().splitlines()]
    elif out.suffix == ".parquet":
        rows = pq.read_table(out).to_pylist()
    else:
        rows = lancedb.connect(out.parent).open_table(out.stem).to_arrow().to_pylist()
    return [row["id"] for row in rows], np.asarray([row["embedding"] for row in rows])


@pytest.mark.parametrize("suffix", [".npy", ".jsonl", ".parquet", ".lance"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_every_format_holds_every_row_once_and_in_order(lines, tmp_path, suffix, dtype):
    out = tmp_path / f"v{suffix}"
    bulk(lines, out, store_dtype=dtype)
    ids, vectors = read(out)
    expected = np.stack([vector_of(text, 16) for text in TEXTS]).astype(dtype)
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    assert ids in (None, [str(i + 1) for i in range(len(TEXTS))])
    assert not staging_folder(out).exists()


def test_the_number_type_on_disk_is_the_one_asked_for(lines, tmp_path):
    for suffix in (".npy", ".parquet", ".lance"):
        bulk(lines, tmp_path / f"v{suffix}", store_dtype="float16")
    assert np.load(tmp_path / "v.npy").dtype == np.float16
    assert str(pq.read_schema(tmp_path / "v.parquet").field("embedding").type.value_type) == "halffloat"
    schema = lancedb.connect(tmp_path).open_table("v").schema
    assert str(schema.field("embedding").type.value_type) == "halffloat"


def test_equal_texts_are_computed_once_in_the_whole_run(lines, tmp_path):
    encoder = HashEncoder()
    report = bulk(lines, tmp_path / "v.npy", how=lambda: encoder)
    asked = [text for texts in encoder.asked for text in texts]
    assert len(asked) == len(set(asked)) == DISTINCT
    assert (report.progress.num_rows, report.progress.num_distinct) == (len(TEXTS), DISTINCT)


def test_distinct_texts_give_the_same_matrix_without_a_copy(tmp_path):
    path = tmp_path / "distinct.txt"
    path.write_text("\n".join(f"text {i}" for i in range(30)))
    bulk(path, tmp_path / "v.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "v.npy"), [vector_of(f"text {i}", 16) for i in range(30)])


def test_truncations_are_counted_by_row_also_where_the_text_was_met_before(lines, tmp_path):
    report = bulk(lines, tmp_path / "v.parquet").progress
    assert report.num_truncated == 2
    assert list(report.truncated) == ["41 (7 tokens, 5 read)", "42 (7 tokens, 5 read)"]


def test_an_output_is_replaced_and_an_unknown_folder_is_not(lines, tmp_path):
    for suffix in (".npy", ".lance"):
        for dim in (8, 16):
            bulk(lines, tmp_path / f"v{suffix}", dim=dim)
        assert read(tmp_path / f"v{suffix}")[1].shape == (len(TEXTS), 16)
    (tmp_path / "mine.lance").mkdir()
    with pytest.raises(InvalidInputError, match="is a folder"):
        bulk(lines, tmp_path / "mine.lance")


def test_a_bad_row_leaves_nothing_that_looks_finished(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join([*(json.dumps(f"text {i}") for i in range(100)), "{nope"]))
    with pytest.raises(InvalidInputError, match=r"rows\.jsonl line 101: is not JSON"):
        bulk(path, tmp_path / "v.npy")
    assert not (tmp_path / "v.npy").exists()


def test_chunks_are_cut_by_characters_too(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(["a" * 30, "b" * 30, "c" * 90, "d", "e"]))
    encoder = HashEncoder()
    bulk(path, tmp_path / "v.npy", how=lambda: encoder, chunk_texts=10, chunk_characters=60)
    assert [[text[0] for text in texts] for texts in encoder.asked] == [["a", "b"], ["c"], ["d", "e"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"store_dtype": "int8"},
        {"chunk_texts": 0},
        {"chunk_characters": 0},
        {"commit_every_s": -1},
        {"instruction": "Find"},
    ],
)
def test_unsound_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        BulkConfig(**wrong)
