from hypothesis import given
from hypothesis import strategies as st

from embedrank.engine.caches.record import from_bytes, to_bytes
from tests.engine.caches.entries import entry, same


def test_an_entry_comes_back_as_it_was():
    for written in (entry(3), entry(0, dim=0), entry(9, dim=1000)):
        assert same(from_bytes(to_bytes(written)), written)


@given(st.integers(0, 35), st.integers(1, 255))
def test_a_single_wrong_byte_anywhere_is_noticed(place, change):
    raw = bytearray(to_bytes(entry(5)))
    assert len(raw) == 36
    raw[place] ^= change
    assert from_bytes(bytes(raw)) is None


@given(st.binary(max_size=80))
def test_foreign_bytes_are_no_entry(raw):
    assert from_bytes(raw) is None


def test_a_cut_entry_is_no_entry():
    raw = to_bytes(entry(5))
    assert all(from_bytes(raw[:length]) is None for length in range(len(raw)))
