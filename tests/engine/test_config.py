import pytest

from embedrank.core.errors import ConfigError
from embedrank.engine.config import EngineConfig


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_requests", 0),
        ("max_texts", True),
        ("max_characters", 1.5),
        ("max_batch_tokens", -1),
        ("max_wait_ms", -0.1),
        ("max_wait_ms", float("nan")),
        ("timeout_s", 0),
    ],
)
def test_an_unsound_bound_is_refused_by_name(field, value):
    with pytest.raises(ConfigError, match=f"engine.{field}"):
        EngineConfig(**{field: value})
