"""`embedrank eval --curves` and `--errors`."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from embedrank.evaluation.curves.plots import PLOTS
from tests.cli.command_line import assert_one_error_line, no_models, say
from tests.evaluation.beir_folder import CORPUS, QRELS, QUERIES, write_beir

EVIL = "</script><script>alert(1)</script> $x$ & <img src=x onerror=b()>"


def _attribute_names(page):
    names = set()
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: names.update(name for name, _ in attributes)
    parser.feed(page)
    assert "class" in names
    return names


@pytest.fixture
def folder(tmp_path):
    corpus = [*CORPUS, {"_id": "en:9", "title": "", "text": f"what does a brown bear catch {EVIL}"}]
    queries = [{**QUERIES[0], "lang": EVIL}, {"_id": "q2", "text": f"{EVIL} ship"}]
    return write_beir(tmp_path / "tiny", corpus=corpus, queries=queries)


@pytest.fixture
def looked(capsys, folder, tmp_path):
    places = ["--curves", tmp_path / "curves", "--errors", tmp_path / "errors.html"]
    said = say(capsys, "eval", "--data", folder, *places, "--rerank-depth", 3, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_each_curve_has_its_points_and_its_pictures(looked, tmp_path):
    assert [(point["dim"], point["bytes"]) for point in looked["vectors"] if point["kept_as"] == "int8"] == [
        (dim, dim) for dim in (256, 128, 64, 32, 16)
    ]
    assert [point["depth"] for point in looked["depths"]] == [0, 2, 3]
    assert [(point["system"], point["depth"]) for point in looked["latency"]] == [
        ("BM25", None),
        ("dense", None),
        ("fused", None),
        ("fused+rerank", 2),
        ("fused+rerank", 3),
    ]
    assert [each["num_pairs"] for each in looked["calibration"]] == [6]
    for name in PLOTS:
        assert (tmp_path / "curves" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        ElementTree.parse(tmp_path / "curves" / f"{name}.svg")
    assert json.loads((tmp_path / "curves" / "curves.json").read_text())["depths"] == looked["depths"]


def test_curves_meet_the_stages_that_they_pass_through(capsys, looked, folder):
    systems = {row["system"]: row["ndcg_at_10"] for row in looked["systems"]}
    plain = json.loads(say(capsys, "eval", "--data", folder, "--rerank-depth", 3, "--json").out)["systems"]
    assert systems == {name: figures["ndcg_at_10"] for name, figures in plain.items()}
    depths = {point["depth"]: point["ndcg_at_10"] for point in looked["depths"]}
    assert (depths[0], depths[3]) == (systems["fused"], systems["fused+rerank"])
    whole = next(point for point in looked["vectors"] if (point["kept_as"], point["dim"]) == ("float32", 256))
    assert whole["ndcg_at_10"] == systems["dense"]


def test_a_depth_is_what_a_search_of_that_depth_finds(capsys, looked, folder):
    two = json.loads(say(capsys, "eval", "--data", folder, "--rerank-depth", 2, "--json").out)
    assert next(point for point in looked["depths"] if point["depth"] == 2)["ndcg_at_10"] == two["ndcg_at_10"]


@pytest.mark.parametrize("name", ["curves/curves.html", "errors.html"])
def test_pages_run_no_text_and_need_nothing_from_outside(looked, tmp_path, name):
    page = (tmp_path / name).read_text()
    assert "<script>alert" not in page and "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not re.findall(r"""(?:src|href|action)=["'](?!#)""", page)
    assert "@import" not in page and not re.findall(r"url\((?!#)", page)
    assert "default-src 'none'" in page
    assert "prefers-color-scheme: dark" in page and 'name="viewport"' in page
    assert not [name for name in _attribute_names(page) if name.startswith("on")]


def test_the_one_script_is_allowed_by_its_hash(looked, tmp_path):
    page = (tmp_path / "errors.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "script-src" not in (tmp_path / "curves" / "curves.html").read_text()


def test_pictures_on_the_page_take_its_colours(looked, tmp_path):
    page = (tmp_path / "curves" / "curves.html").read_text()
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) == len(PLOTS)
    for picture in pictures:
        ElementTree.fromstring(picture)
        assert "var(--" in picture and not re.search(r"(fill|stroke): #(?!ffffff)", picture)


def test_parts_of_a_split_are_measured_together_by_language(capsys, tmp_path):
    folder = write_beir(tmp_path / "parts", split="test.de", qrels="q1\tde:1\t1\n")
    write_beir(folder, split="test.en", qrels=QRELS)
    (folder / "qrels" / "train.tsv").write_text(QRELS)
    say(capsys, "eval", "--data", folder, "--lexical", "--curves", tmp_path / "curves")
    found = json.loads((tmp_path / "curves" / "curves.json").read_text())
    counts = {(row["language"], row["num_queries"]) for row in found["languages"]}
    assert counts == {("de", 1), ("en", 2)}
    assert found["vectors"] == [] and not (tmp_path / "curves" / "bytes.png").exists()


def test_every_point_has_its_interval_and_says_whether_it_differs(looked):
    for field in ("systems", "vectors", "depths", "latency", "languages"):
        for point in looked[field]:
            low, high = point["ndcg_at_10_95"]
            assert low - 1e-9 <= point["ndcg_at_10"] <= high + 1e-9
    whole, *others = [point for point in looked["vectors"] if point["kept_as"] == "float32"]
    assert "differs" not in whole
    for point in others:
        assert point["differs"] is not (point["difference_95"][0] <= 0 <= point["difference_95"][1])
        assert point["difference"] == pytest.approx(point["ndcg_at_10"] - whole["ndcg_at_10"])
    assert ["differs" in point for point in looked["depths"]] == [True, True, False]
    for found in looked["calibration"][0]["bins"]:
        assert found["was_95"][0] <= found["was"] <= found["was_95"][1]


def test_rivals_have_lines_of_their_own(capsys, folder, tmp_path):
    places = ["--curves", tmp_path / "curves", "--errors", tmp_path / "errors.html"]
    chosen = ["--embedder", "x", "--reranker", "y", "--rival", "st:other", "--rival", "ce:judge"]
    said = say(capsys, "eval", "--data", folder, *places, *chosen, "--rerank-depth", 2, "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    systems = [point["system"] for point in found["systems"]]
    assert systems[-2:] == ["dense", "dense+rerank"]
    assert {"dense st:other", "dense st:other+rerank", "dense+ce:judge", "dense st:other+ce:judge"} <= {*systems}
    assert {point["model"] for point in found["vectors"]} == {"st:other", "x"}
    assert {point["system"] for point in found["depths"]} == {name for name in systems if "+" in name}
    assert {point["system"] for point in found["latency"]} == {*systems}
    assert [each["reranker"] for each in found["calibration"]] == ["ce:judge", "y"]
    assert "errors follow the stages of one search, so the page has none of rivals" in found["notes"]
    for name in PLOTS:
        ElementTree.parse(tmp_path / "curves" / f"{name}.svg")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--rival", "st:x"], "--rival: has no part in --errors"),
        (["--bm25s"], "--bm25s: has rows in tables of local sets only"),
        (["--task", "clustering"], "look at search only"),
        (["--runs", "HERE"], "does not go with"),
        (["--split", "dev"], "no split 'dev'"),
        (["--errors", "HERE/nowhere/e.html"], "its folder is not there"),
        (["--curves", "HERE/nowhere/c"], "nor can it be made"),
        (["--benchmark", "x"], "not through mteb"),
    ],
)
def test_what_does_not_go_together_is_one_line(capsys, folder, tmp_path, arguments, part):
    words = [word.replace("HERE", str(tmp_path)) for word in arguments]
    place = [] if "--errors" in words else ["--errors", tmp_path / "e.html"]
    assert_one_error_line(say(capsys, "eval", "--data", folder, *place, *words, wiring=no_models()), part)
