"""One schema for everything that can be set; what is unsound or unknown is refused before anything starts."""

import pytest

from embedrank.core.errors import ConfigError
from embedrank.core.settings import build
from embedrank.serving.settings import ServeSettings

MODEL = {"embedders": {"nano": {}}}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({**MODEL, "prot": 1}, "unknown key"),
        ({"embedders": {"nano": {"dtyp": "fp32"}}}, "unknown key"),
        ({**MODEL, "limits": {"max_item": 3}}, "unknown key"),
        ({**MODEL, "limits": {"max_items": 0}}, "at least 1"),
        ({**MODEL, "limits": {"timeout_s": 0}}, "above 0"),
        ({**MODEL, "engine": {"max_requests": 0}}, "at least 1"),
        ({**MODEL, "port": 70000}, "0..65535"),
        ({**MODEL, "port": "eighty"}, "whole number"),
        ({**MODEL, "token_ids": "guess"}, "auto, model, cl100k_base, refuse"),
        ({**MODEL, "log": {"level": "loud"}}, "debug, info"),
        ({}, "must name a model"),
        ({"embedders": {"a": {"aliases": ["b"]}, "b": {}}}, "name of two models"),
        ({"embedders": {"a": {"aliases": "b"}}}, "list of names"),
        ({**MODEL, "access": {"keys": {"alice": {"key": "short"}}}}, "8 characters"),
        ({**MODEL, "access": {"keys": {"alice": {"key": "long-enough", "tokens_per_minute": 0}}}}, "above 0"),
    ],
)
def test_what_is_unsound_is_refused(settings, says):
    with pytest.raises(ConfigError, match=says):
        build(ServeSettings, settings)


def test_a_refused_key_is_not_repeated():
    with pytest.raises(ConfigError) as refused:
        build(ServeSettings, {**MODEL, "access": {"keys": {"alice": {"key": "short"}}}})
    assert "short" not in str(refused.value)


def test_everything_but_the_models_has_a_default():
    settings = build(ServeSettings, MODEL)
    assert settings.host == "127.0.0.1" and not settings.access.cors_origins and settings.embedders["nano"].preload
