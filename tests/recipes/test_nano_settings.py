"""The settings that the bundled models were trained with are still settings, and still mean what they meant."""

from pathlib import Path

import pytest
from rowmaking.source import load_sources

from embedrank.core.settings import build, read_yaml
from embedrank.training.embedder_config import EmbedderObjectiveConfig
from embedrank.training.reranker_config import RerankerObjectiveConfig

NANO = Path(__file__).parents[2] / "recipes" / "nano"


@pytest.mark.parametrize(("file", "keys"), [("embedder", ["table", None]), ("reranker", ["table"])])
def test_all_tasks_of_the_rows_are_trained_by_contrast(file, keys):
    settings = read_yaml(NANO / f"{file}.yaml")
    tasks = {source.task for source in load_sources(NANO / "sources.yaml")}
    assert {"classification", "bitext"} < tasks
    for key in keys:
        config = build(EmbedderObjectiveConfig, (settings if key is None else settings[key])["objective"])
        assert {config.loss_name(task) for task in tasks} == {"info_nce"}


def test_the_reranker_learns_pairs_and_lists():
    config = build(RerankerObjectiveConfig, read_yaml(NANO / "reranker.yaml")["objective"])
    assert (config.loss, config.list_weight, config.head) == ("two_tokens", 2.0, "tokens")
