"""Schemes that multiply bytes on CPU, where the processor can."""

from __future__ import annotations

import pytest

from embedrank.model.quantise.scheme import Scheme
from embedrank.model.quantise.schemes import SCHEMES
from tests.model.conftest import skip_unless_computable


@pytest.fixture(params=["int8", "int4"])
def scheme_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    skip_unless_computable(name)
    return name


@pytest.fixture
def scheme(scheme_name: str) -> Scheme:
    return SCHEMES[scheme_name]
