"""Numbers as people read them."""

from __future__ import annotations

import pytest

from embedrank.core.wording import FORMATS


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("number", 1234567, "1,234,567"),
        ("percent", 0.1234, "12.3 %"),
        ("percent", 0.0, "0.0 %"),
        ("percent", 0.0004, "under 0.1 %"),
        ("points", 0.031, "3.1 points"),
        ("figure", 3.0, "3"),
        ("figure", 0.12345, "0.123"),
        ("figure", 12345.6, "12,346"),
        ("short", 950, "950"),
        ("short", 12_345, "12.3 k"),
        ("short", 5_423_534, "5.42 M"),
        ("money", 0, "0"),
        ("money", 0.00123, "0.0012"),
        ("money", 12.345, "12.35"),
        ("duration", 3.21, "3.2 s"),
        ("duration", 742.4, "12 min 22 s"),
        ("duration", 7300, "2 h 1 min"),
        ("words", "yes_or_no", "yes or no"),
        ("css", 1.7, "100.00%"),
        ("css", -0.1, "0.00%"),
    ],
)
def test_a_number_is_shown_as(name, value, shown) -> None:
    assert FORMATS[name](value) == shown
