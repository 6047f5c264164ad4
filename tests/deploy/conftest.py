"""A live server over models of a few lines, as the tests of serving have it."""

from tests.model.conftest import embedder_folder, reranker_folder  # noqa: F401
from tests.serving.conftest import loader, model_settings, serving  # noqa: F401
