from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from embedrank.synthesis.generators.backoff import backoff_s, retry_after_s

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def test_back_off_doubles_up_to_its_cap_and_is_drawn_from_all_of_it():
    waits = [backoff_s(attempt, base_s=1, max_s=10, draw=1.0) for attempt in (1, 2, 3, 4, 5, 5000)]
    assert waits == [1, 2, 4, 8, 10, 10]
    assert backoff_s(3, base_s=1, max_s=10, draw=0.25) == 1.0
    assert backoff_s(3, base_s=1, max_s=10, draw=0.0) == 0.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}, 90.0),
        ({"retry-after": format_datetime(NOW - timedelta(seconds=90), usegmt=True)}, 0.0),
        ({"retry-after": "Fri, 02 Jan 2026 03:04:15"}, 10.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
    ],
)
def test_what_the_server_asks_to_wait_is_read(headers, seconds):
    assert retry_after_s(headers, NOW) == seconds
