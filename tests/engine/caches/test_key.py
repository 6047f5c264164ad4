from embedrank.engine.caches.key import KEY_BYTES, cache_key

BASE = {"dim": 8, "side": "query", "instruction": None, "text": "a"}


def test_everything_that_decides_a_vector_changes_the_key():
    keys = [
        cache_key("f", "float32", "512", **BASE),
        cache_key("g", "float32", "512", **BASE),
        cache_key("f", "bfloat16", "512", **BASE),
        cache_key("f", "float32", "256", **BASE),
        cache_key("f", "float32", "512", **{**BASE, "dim": 4}),
        cache_key("f", "float32", "512", **{**BASE, "side": "document"}),
        cache_key("f", "float32", "512", **{**BASE, "instruction": ""}),
        cache_key("f", "float32", "512", **{**BASE, "instruction": "default"}),
        cache_key("f", "float32", "512", **{**BASE, "text": "b"}),
    ]
    assert len(set(keys)) == len(keys) and {len(key) for key in keys} == {KEY_BYTES}
    assert keys[0] == cache_key("f", "float32", "512", **BASE)


def test_parts_do_not_run_into_each_other():
    one = cache_key("f", "p", "1", dim=8, side="query", instruction="ab", text="c")
    other = cache_key("f", "p", "1", dim=8, side="query", instruction="a", text="bc")
    assert one != other
