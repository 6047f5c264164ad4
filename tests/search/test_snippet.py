from embedrank.search.snippet import snippet


def marked(short):
    return [short.text[low:high] for low, high in short.marks]


def test_a_short_text_is_shown_whole_with_its_marks():
    short = snippet("one\n  two three", [(6, 9)], width=80)
    assert short.text == "one two three"
    assert marked(short) == ["two"]


def test_a_long_text_is_cut_around_the_densest_marks():
    text = "apple " + "filler " * 60 + "the brown bear and the brown fox " + "filler " * 60
    low = text.index("brown")
    spans = [(0, 5), (low, low + 5), (low + 6, low + 10), (low + 19, low + 24)]
    short = snippet(text, spans, width=60)
    assert short.text.startswith("…") and short.text.endswith("…")
    assert len(short.text) <= 62 + 20
    assert marked(short) == ["brown", "bear", "brown"]


def test_text_without_spaces_is_cut_too():
    text = "天" * 300 + "地" + "天" * 300
    short = snippet(text, [(300, 301)], width=40)
    assert marked(short) == ["地"]
    assert len(short.text) <= 42


def test_without_marks_the_beginning_is_shown():
    assert snippet("word " * 100, [], width=20).text.startswith("word")
