import pytest

from embedrank.core.errors import InvalidInputError
from embedrank.evaluation.rivals.place import Place


def test_model_url_and_options_are_told_apart():
    place = Place.parse("a/b@c@https://host:1/v1/?x=1#batch=3&api=tei", known=("batch", "api"))
    assert (place.model, place.url) == ("a/b@c", "https://host:1/v1?x=1")
    assert (place.whole("batch", 1), place.choice("api", ("cohere", "tei"))) == (3, "tei")
    assert place.whole("other", 7) == 7


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("model", "is not MODEL@URL"),
        ("@http://host", "is not MODEL@URL"),
        ("m@http://", "is not MODEL@URL"),
        ("m@ftp://host", "is not MODEL@URL"),
        ("m@http://host#bach=3", "unknown option 'bach'"),
    ],
)
def test_other_shapes_are_refused(text, part):
    with pytest.raises(InvalidInputError, match=part):
        Place.parse(text, known=("batch",))


def test_a_password_is_refused_and_not_shown():
    with pytest.raises(InvalidInputError, match="holds a password") as raised:
        Place.parse("m@http://me:secret@host", known=())
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("value", ["0", "x", "-1", ""])
def test_a_number_that_is_none_is_refused(value):
    with pytest.raises(InvalidInputError, match="not a whole number from 1"):
        Place.parse(f"m@http://host#batch={value}", known=("batch",)).whole("batch", 1)


def test_an_unknown_word_is_refused():
    with pytest.raises(InvalidInputError, match="'x' is not one of a, b"):
        Place.parse("m@http://host#api=x", known=("api",)).choice("api", ("a", "b"))
