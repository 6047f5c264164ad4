import pytest

from embedrank.serving.observing.trace_parent import TraceParent, read_trace_parent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(("flags", "is_sampled"), [("01", True), ("00", False), ("03", True)])
def test_a_header_names_trace_caller_and_sampling(flags, is_sampled):
    read = read_trace_parent(f"00-{TRACE}-{SPAN}-{flags}")
    assert read == TraceParent(trace_id=TRACE, span_id=SPAN, is_sampled=is_sampled)


def test_a_later_version_may_say_more():
    assert read_trace_parent(f"01-{TRACE}-{SPAN}-01-more").trace_id == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\nSet-Cookie: x",
    ],
)
def test_anything_else_names_nothing(header):
    assert read_trace_parent(header) is None
