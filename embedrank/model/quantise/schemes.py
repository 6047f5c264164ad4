"""All schemes by the name that `dtype=` takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from embedrank.model.quantise.fp8 import FP8
from embedrank.model.quantise.int4 import INT4
from embedrank.model.quantise.int8 import INT8
from embedrank.model.quantise.scheme import Scheme

SCHEMES: Final[Mapping[str, Scheme]] = MappingProxyType({"fp8": FP8, "int8": INT8, "int4": INT4})
