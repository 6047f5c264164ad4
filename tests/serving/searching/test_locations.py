import pytest

from embedrank.serving.searching.locations import Locations, path_pattern


class _Catalogue:
    def __init__(self, paths):
        self.version, self.paths = 1, paths

    def documents(self):
        return {path: type("D", (), {"path": path})() for path in self.paths}


def test_paths_are_shown_from_the_folder_that_holds_them_all_and_follow_the_index():
    catalogue = _Catalogue(["/srv/a/docs/x.md", "/srv/a/src/y.py", "uploads/z.txt", None])
    locations = Locations(catalogue)
    assert [locations.shown(path) for path in catalogue.paths] == ["docs/x.md", "src/y.py", "uploads/z.txt", None]
    catalogue.paths, catalogue.version = ["/srv/a/docs/x.md"], 2
    assert locations.shown("/srv/a/docs/x.md") == "x.md"


@pytest.mark.parametrize(
    ("typed", "pattern"), [("docs/", "*docs/*"), ("*.md", "*.md"), ("x?.md", "*/x?.md"), ("/srv/*", "/srv/*")]
)
def test_what_is_typed_becomes_a_pattern_of_whole_paths(typed, pattern):
    assert path_pattern(typed) == pattern
