"""Every error of the house has its HTTP status, and the server's own faults tell nothing of what was inside."""

import pytest

from embedrank.core import errors
from embedrank.serving.errors import STATUS, problem_of, problem_of_fields
from tests.core.test_errors import CASES

BY_CLASS = {type(error): error for error, _, _ in CASES}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("InvalidInputError", 400),
        ("TokenIdError", 400),
        ("TooLargeError", 413),
        ("ModelNotFoundError", 404),
        ("OverloadedError", 429),
        ("QuotaExceededError", 429),
        ("AccessDeniedError", 401),
        ("DeadlineExceededError", 504),
        ("EngineClosedError", 503),
        ("EngineFailedError", 503),
        ("ModelUnavailableError", 503),
        ("ComputeError", 500),
    ],
)
def test_each_error_has_its_status(kind, status):
    assert problem_of(BY_CLASS[getattr(errors, kind)]).status == status


def test_special_errors_come_before_those_they_are_kinds_of():
    order = list(STATUS)
    assert all(not issubclass(later, former) for place, former in enumerate(order) for later in order[place + 1 :])


@pytest.mark.parametrize("error", BY_CLASS.values(), ids=lambda error: type(error).__name__)
def test_whoever_may_try_again_is_told_when(error):
    problem = problem_of(error)
    assert (problem.retry_after_s is not None) == (problem.status in (429, 503))


def test_the_servers_own_fault_is_not_told_in_its_own_words():
    assert "secret" not in problem_of(RuntimeError("secret")).message
    assert problem_of(RuntimeError("secret")).status == 500
    assert "secret" not in problem_of(errors.ComputeError("nano", "secret")).message


def test_the_first_fault_of_a_body_is_told_with_its_place_and_without_its_value():
    faults = [{"loc": ("body", "input", 3), "msg": "Value error, is\nbad", "input": "secret"}, {"loc": (), "msg": "x"}]
    problem = problem_of_fields(faults)
    assert (problem.message, problem.param) == ("input.3: is bad (and 1 more)", "input")
