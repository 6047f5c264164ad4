"""The OpenAPI document is true: what is made from it, and from its opposite, is answered as it says, never by a 5xx.

`SCHEMATHESIS_EXAMPLES=500 pytest tests/serving/test_openapi.py -s` looks harder than the few examples of a usual run.
"""

import os
from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from embedrank.serving.app import create_app
from tests.serving.live import Live

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "4"))  # of each operation, valid and invalid ones each
PATIENCE_S = 20  # for one answer; a server that hangs fails the test and does not hang it
OF_CLIENTS = {"cohere", "jina", "tei", "vllm"}
BRIEFLY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server(model_settings):
    live = Live(create_app(model_settings(port=0))).start()
    yield live
    live.stop()


@pytest.fixture(scope="module")
def operations(server):
    document = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    return [result.ok() for result in document.get_all_operations()]


def checks_of(operation):
    if OF_CLIENTS & set(operation.definition.raw.get("tags", ())):
        return [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    return [not_a_server_error]


def statuses_of(operation, mode):
    """Statuses of the answers to cases of one operation, each of which is checked."""
    checks, statuses = checks_of(operation), Counter()

    @BRIEFLY
    @given(case=operation.as_strategy(generation_mode=mode))
    def answered(case):
        response = case.call(timeout=PATIENCE_S)
        case.validate_response(response, checks=checks)
        statuses[response.status_code] += 1

    answered()
    return statuses


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_everything_is_answered_as_the_document_says(operations, mode, capsys):
    tried = [each for each in operations if mode.is_positive or each.body]  # a path cannot be wrong
    statuses = sum((statuses_of(operation, mode) for operation in tried), Counter())
    with capsys.disabled():
        told = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
        print(f"\n{sum(statuses.values())} {mode.value} cases of {len(tried)} operations: {told}")
    assert sum(statuses.values()) >= len(tried)
