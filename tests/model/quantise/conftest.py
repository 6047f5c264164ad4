"""Schemes that multiply bytes on CPU, where the processor can."""

from __future__ import annotations

import pytest
import torch

from embedrank.core.errors import InvalidInputError
from embedrank.model.quantise.scheme import Scheme
from embedrank.model.quantise.schemes import SCHEMES

CPU = torch.device("cpu")


@pytest.fixture(params=["int8", "int4"])
def scheme_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    try:
        SCHEMES[name].check(CPU)
    except InvalidInputError as error:
        pytest.skip(str(error))
    return name


@pytest.fixture
def scheme(scheme_name: str) -> Scheme:
    return SCHEMES[scheme_name]
