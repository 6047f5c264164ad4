"""The stage on the page is read by the code that runs it."""

import yaml

from embedrank.training.stages.config import StageConfig
from tests.docs.pages import REPOSITORY, blocks


def test_the_stage_is_read():
    (text,) = blocks(REPOSITORY / "docs" / "stages.md", "yaml")
    config = StageConfig.from_mapping(yaml.safe_load(text))
    assert config.lora is not None and config.dev is not None
