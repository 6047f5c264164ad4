from embedrank.recipe.places import replaced_at, texts_at

SETTINGS = {"model": "a", "rows": ["b", "c"], "sources": {"x": "d", "y": {"files": ["e"]}}, "n": 3}
PATTERNS = ("model", "rows.*", "sources.*", "sources.*.files.*", "missing.*")


def test_texts_at_places_are_listed_and_nothing_else():
    assert list(texts_at(SETTINGS, PATTERNS)) == ["a", "b", "c", "d", "e"]


def test_texts_are_replaced_and_the_settings_stay_as_they_were():
    upper = replaced_at(SETTINGS, PATTERNS, str.upper)
    assert upper == {"model": "A", "rows": ["B", "C"], "sources": {"x": "D", "y": {"files": ["E"]}}, "n": 3}
    assert SETTINGS["model"] == "a"


def test_in_a_list_several_take_the_place_of_one_and_none_removes_it():
    several = {"b": ["1", "2"], "c": [], "d": []}
    changed = replaced_at(SETTINGS, PATTERNS, lambda text: several.get(text, text))
    assert changed["rows"] == ["1", "2"]
    assert changed["sources"] == {"y": {"files": ["e"]}}
