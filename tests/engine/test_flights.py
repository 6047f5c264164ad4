from embedrank.engine.flights import Flights
from tests.engine.fakes import PlainRequest


def test_an_equal_text_joins_and_all_who_asked_are_named():
    flights, one, other = Flights(), PlainRequest(), PlainRequest()
    item, is_new = flights.join("model", b"k", (one, 0))
    assert is_new
    assert flights.join("model", b"k", (other, 7)) == (item, False)
    assert flights.land(item) == [(one, 0), (other, 7)]
    assert len(flights) == 0
    assert flights.join("model", b"k", (one, 0))[1]


def test_who_leaves_takes_nothing_from_who_stays():
    flights, one, other = Flights(), PlainRequest(), PlainRequest()
    item, _ = flights.join("model", b"k", (one, 0))
    flights.join("model", b"k", (other, 0))
    assert not flights.leave(item, one)
    assert flights.land(item) == [(other, 0)]


def test_what_nobody_waits_for_is_forgotten_unless_it_is_being_computed():
    flights, one = Flights(), PlainRequest()
    item, _ = flights.join("model", b"k", (one, 0))
    assert flights.leave(item, one) and len(flights) == 0
    item, _ = flights.join("model", b"k", (one, 0))
    item.taken = True
    assert not flights.leave(item, one) and len(flights) == 1
    assert flights.land(item) == [] and len(flights) == 0


def test_landing_an_old_flight_leaves_a_new_one_of_the_same_text_in_the_air():
    flights, one, other = Flights(), PlainRequest(), PlainRequest()
    old, _ = flights.join("model", b"k", (one, 0))
    flights.leave(old, one)
    new, _ = flights.join("model", b"k", (other, 0))
    assert flights.land(old) == [] and flights.land(new) == [(other, 0)]
