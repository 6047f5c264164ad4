"""What steps hand to the commands that they run."""

from pathlib import Path

import pytest
import yaml

from embedrank.recipe.kinds.files import joined_rows
from embedrank.recipe.kinds.kind import Job
from embedrank.recipe.kinds.registry import KINDS


def words(kind, folder, settings, seed=7):
    job = Job(folder=folder, settings=settings, seed=seed, recipe_folder=Path("/recipes"))
    return KINDS[kind].words(job)


def test_rows_are_joined_once_so_that_what_goes_on_sees_the_same_file(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"n": 1}')
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.jsonl").write_text('{"n": 2}\n')
    paths, target = [tmp_path / "a.jsonl", tmp_path / "more"], tmp_path / "rows.jsonl"
    assert joined_rows(paths, target).read_text() == '{"n": 1}\n{"n": 2}\n'
    before = target.stat().st_mtime_ns
    assert joined_rows(paths, target).stat().st_mtime_ns == before
    assert joined_rows(paths[:1], tmp_path / "one.jsonl") == paths[0]


def test_a_script_gets_inputs_options_words_and_its_folder(tmp_path):
    settings = {
        "script": "make.py",
        "inputs": {"rows": ["/a", "/b"], "model": "/m"},
        "options": {"size": 3, "quiet": True, "loud": False},
        "arguments": ["{model}/x", "{seed}"],
    }
    found = words("script", tmp_path, settings)
    options = ["--rows", "/a", "--rows", "/b", "--model", "/m", "--size", "3", "--quiet"]
    assert found == ["/recipes/make.py", *options, "/m/x", "7", "--out", str(tmp_path / "out")]
    assert words("script", tmp_path, {"script": "make.py", "out_option": None}) == ["/recipes/make.py"]


@pytest.mark.parametrize(("own", "seeds"), [({}, (7, 7)), ({"seed": 2}, (2, 7))])
def test_the_seed_of_a_step_is_that_of_its_mixture_and_loop_unless_they_say_one(tmp_path, own, seeds):
    settings = {"learner": "reranker", "mixture": {"batch_size": 4, **own}, "loop": {"num_steps": 1}}
    words("train", tmp_path, settings)
    stage = yaml.safe_load((tmp_path / "stage.yaml").read_text())
    assert (stage["mixture"]["seed"], stage["loop"]["seed"]) == seeds and stage["kind"] == "reranker"


def test_a_merge_searches_where_it_is_told_to(tmp_path):
    search = {"data": "/dev", "split": "dev", "places": 5}
    found = words("merge", tmp_path, {"models": ["/a", "/b"], "method": "slerp", "search": search})
    assert found[found.index("--search") :] == ["--search", "/dev", "--split", "dev", "--places", "5", "--json"]
    assert yaml.safe_load((tmp_path / "merge.yaml").read_text()) == {"method": "slerp"}


def test_mining_takes_one_model_or_several_and_the_seed(tmp_path):
    words("mine", tmp_path, {"rows": "/r.jsonl", "model": "/m", "negatives": {"num_negatives": 2}})
    mining = yaml.safe_load((tmp_path / "mine.yaml").read_text())
    assert mining == {"model": ["/m"], "negatives": {"seed": 7, "num_negatives": 2}}
