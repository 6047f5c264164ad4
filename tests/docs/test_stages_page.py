"""The stage on the page is read by the code that runs it."""

import yaml

from embedrank.training.stages.config import StageConfig
from tests.docs.pages import REPOSITORY, blocks


def test_the_stage_is_read():
    whole, learning_on = map(yaml.safe_load, blocks(REPOSITORY / "docs" / "stages.md", "yaml"))
    config = StageConfig.from_mapping(whole)
    assert config.lora is not None and config.dev is not None
    config = StageConfig.from_mapping({**whole, **learning_on})
    assert config.replay is not None and config.gate is not None and config.gate.sets["old"].tolerance == 0.01
