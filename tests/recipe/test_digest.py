import os

from embedrank.recipe.digest import Digests


def test_contents_and_names_decide_and_nothing_else(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.txt").write_text("one")
    digests = Digests(tmp_path / "known.json")
    same = digests.of([tmp_path / "a"])
    assert digests.of([tmp_path / "b"]) == same
    (tmp_path / "b" / "x.txt").rename(tmp_path / "b" / "y.txt")
    assert digests.of([tmp_path / "b"]) != same
    assert digests.of([tmp_path / "a", tmp_path / "b"]) != digests.of([tmp_path / "b", tmp_path / "a"])


def test_a_file_is_read_again_only_if_it_changed(tmp_path):
    file = tmp_path / "x.txt"
    file.write_text("one")
    digests = Digests(tmp_path / "known.json")
    first = digests.of([file])
    digests.keep()
    times = file.stat().st_atime_ns, file.stat().st_mtime_ns
    file.write_text("two")
    os.utime(file, ns=times)  # as long, as old: not told apart, which is what sparing the reading means
    assert Digests(tmp_path / "known.json").of([file]) == first
    os.utime(file, ns=(times[0], times[1] + 1))
    assert Digests(tmp_path / "known.json").of([file]) != first


def test_damaged_memory_is_begun_anew(tmp_path):
    (tmp_path / "known.json").write_text("{")
    (tmp_path / "x.txt").write_text("one")
    assert len(Digests(tmp_path / "known.json").of([tmp_path / "x.txt"])) == 32
