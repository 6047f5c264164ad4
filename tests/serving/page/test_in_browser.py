"""The page in a real Chromium: what a person does, with keys and without."""

import json
import re

import pytest

from tests.serving.page.browser import wait_for_count


def _ids(page):
    return [card.get_attribute("data-id") for card in page.query_selector_all(".hit")]


def _search(page, query):
    page.fill("#query", query)
    page.press("#query", "Enter")
    page.wait_for_selector(".hit")


def test_a_search_from_the_focused_box_shows_hits_marks_stages_and_times(live, open_page):
    page = open_page(live.url)
    page.wait_for_selector(".tile")
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.type("brown bear")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hit")
    assert sorted(_ids(page)) == ["bear#0", "fox#0", "zug#0"]
    assert page.eval_on_selector_all('[data-id="bear#0"] mark', "all => all.map(m => m.textContent)") == [
        "brown",
        "bear",
    ]
    spoken = page.get_attribute('[data-id="zug#0"] .journey', "aria-label")
    assert re.fullmatch(r"Rank by stage: dense \d, BM25 not found, fused \d, rerank \d, final \d", spoken)
    assert "total" in page.text_content(".legend")
    assert {url.split("/")[2] for url in page.asked} == {live.url.split("/")[2]}


def test_marks_stand_right_behind_an_emoji_and_text_never_becomes_markup(live, open_page):
    page = open_page(f"{live.url}/?q=grass")
    page.wait_for_selector(".hit mark")
    assert page.eval_on_selector_all(".hit mark", "all => all.map(m => m.textContent)") == ["grass"]
    assert "<b>grass</b>" in page.text_content('[data-id="fox#0"] .text')
    assert page.query_selector(".hit .text b") is None


def test_the_address_holds_the_search_and_going_back_takes_it_back(live, open_page):
    page = open_page(f"{live.url}/?q=brown&dim=32&recall=20&rerank=0&lang=en&top=5")
    page.wait_for_selector(".hit")
    assert sorted(_ids(page)) == ["bear#0", "fox#0"]
    assert page.text_content("#dim-value") == "32 of 48"
    assert not page.is_checked("#rerank")
    assert "rerank" not in page.get_attribute(".journey", "aria-label")
    _search(page, "Zug")
    assert "q=Zug" in page.url and "lang=en" in page.url
    page.go_back()
    wait_for_count(page, ".hit", 2)
    assert page.input_value("#query") == "brown"


def test_every_choice_reaches_the_request(live, open_page):
    page = open_page(f"{live.url}/?q=brown")
    page.wait_for_selector(".hit")
    with page.expect_request(
        lambda request: request.url.endswith("/search") and '"lang":["en"]' in (request.post_data or "")
    ) as sent:
        page.fill("#instruction", "Find animals")
        page.fill("#path", "*.md")
        page.select_option("#mode", "lexical")
        page.evaluate(
            """() => {
              const slider = document.querySelector('#recall');
              slider.value = 5;
              slider.dispatchEvent(new Event('input', {bubbles: true}));
            }"""
        )
        page.click('[data-lang="en"]')
    body = json.loads(sent.value.post_data)
    assert (body["path"], body["mode"], body["recall"], body["lang"]) == ("*.md", "lexical", 500, ["en"])
    assert body["instruction"] == "Find animals"
    wait_for_count(page, ".hit", 1)
    page.click("#reset")
    wait_for_count(page, ".hit", 3)


def test_the_keyboard_alone_walks_opens_judges_and_closes(fresh, open_page):
    page = open_page(f"{fresh.url}/?q=brown")
    page.wait_for_selector(".hit")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("[...document.querySelectorAll('.hit')].indexOf(document.activeElement)") == 1
    with page.expect_response(lambda response: response.url.endswith("/feedback")) as judged:
        page.keyboard.press("u")
    assert judged.value.json()["up"] == 1
    page.wait_for_selector('.hit:focus .up[aria-pressed="true"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("#reader .piece.found")
    page.wait_for_selector("#reader .alike button")
    page.keyboard.press("Escape")
    page.wait_for_selector("#reader:not([open])", state="attached")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("#keys[open] dl")


def test_similar_documents_take_the_place_of_the_hits_and_give_it_back(live, open_page):
    page = open_page(f"{live.url}/?q=brown%20bear")
    page.wait_for_selector(".hit")
    page.click('[data-id="bear#0"] button:has-text("Similar")')
    page.wait_for_selector(".like")
    wait_for_count(page, ".hit", 2)
    assert "bear#0" not in _ids(page) and "like=bear" in page.url
    page.click(".like button")
    wait_for_count(page, ".hit", 3)


def test_files_are_added_with_their_progress_listed_and_removed(fresh, open_page, tmp_path):
    (tmp_path / "wolf.txt").write_text("The grey wolf howls.")
    (tmp_path / "x.bin").write_bytes(b"\0\1\2" * 100)
    page = open_page(f"{fresh.url}/?tab=library")
    page.wait_for_selector(".documents td")
    page.set_input_files("#files", [tmp_path / "wolf.txt", tmp_path / "x.bin"])
    page.wait_for_selector(".job .chip.good")
    assert "1 added" in page.text_content(".job") and "1 left out" in page.text_content(".job")
    page.wait_for_selector('.documents td:has-text("uploads/wolf.txt")')
    page.click('[aria-label="Remove uploads/wolf.txt"]')
    page.click('[aria-label="Remove uploads/wolf.txt"]:has-text("Really?")')
    page.wait_for_selector('.documents td:has-text("uploads/wolf.txt")', state="detached")


def test_a_file_dropped_anywhere_is_taken(fresh, open_page):
    page = open_page(fresh.url)
    page.wait_for_selector(".tile")
    page.evaluate(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(['The owl hoots.'], 'owl.md'));
          for (const name of ['dragover', 'drop']) {
            const about = {bubbles: true, cancelable: true, dataTransfer: transfer};
            document.body.dispatchEvent(new DragEvent(name, about));
          }
        }"""
    )
    page.wait_for_selector(".job .chip.good")
    page.wait_for_selector('.documents td:has-text("uploads/owl.md")')


def test_the_map_has_a_point_to_walk_to_and_opens_it(live, open_page):
    page = open_page(f"{live.url}/?tab=map&q=brown")
    page.wait_for_selector("canvas")
    assert "3 chunks" in page.text_content(".map-head")
    page.focus("canvas")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".tip:not([hidden]) b")
    page.keyboard.press("Enter")
    page.wait_for_selector("#reader .piece.found")


def test_the_system_tab_shows_the_figures_of_the_server(live, open_page):
    page = open_page(f"{live.url}/?q=brown")
    page.wait_for_selector(".hit")
    page.click('[data-tab="system"]')
    page.wait_for_selector(".stages .bar")
    assert "Taking requests" in page.text_content("#tab-system")
    assert "/search" in page.text_content("#tab-system table >> nth=0")
    assert "pico" in page.text_content("#tab-system table >> nth=1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_switch_turns_the_theme_round_and_it_is_kept(live, open_page, scheme):
    page = open_page(live.url, scheme=scheme)
    page.wait_for_selector("#theme svg")
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    page.click("#theme")
    after = page.evaluate(ground)
    assert before != after
    page.reload()
    assert page.evaluate(ground) == after


@pytest.mark.parametrize("tab", ["search", "map", "library", "system"])
def test_nothing_is_wider_than_a_phone(live, open_page, tab):
    page = open_page(f"{live.url}/?q=brown&tab={tab}", width=390)
    page.wait_for_selector(
        {"search": ".hit", "map": "canvas", "library": ".documents td", "system": "#tab-system .tile"}[tab]
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_refusal_is_told_in_the_servers_words_and_can_be_tried_again(live, open_page):
    page = open_page(live.url)
    page.wait_for_selector(".tile")
    _refuse(page, 503, "the disk has gone")
    page.keyboard.type("brown")
    page.keyboard.press("Enter")
    page.wait_for_selector('[role="alert"]')
    assert "the disk has gone" in page.text_content('[role="alert"]')
    page.unroute("**/search")
    page.click('[role="alert"] button')
    page.wait_for_selector(".hit")
    page.faults.clear()  # the browser itself notes the 503


def _refuse(page, status, message):
    body = json.dumps({"error": {"kind": "storage", "message": message}})
    page.route("**/search", lambda route: route.fulfill(status=status, body=body, content_type="application/json"))


def test_a_server_that_wants_a_key_is_given_one_once(serving, open_page, tmp_path):
    from embedrank.serving.settings import AccessSettings, KeySettings

    access = AccessSettings(keys={"me": KeySettings(key="sesame-open")})
    page = open_page(serving(index=str(tmp_path / "i"), access=access).url)
    page.wait_for_selector("#key[open]")
    page.fill("#key-field", "sesame-open")
    page.keyboard.press("Enter")
    page.wait_for_selector('.empty h2:has-text("This index is empty")')
    page.faults.clear()  # the browser itself notes the 401


def test_a_server_without_an_index_says_so(serving, open_page):
    page = open_page(serving().url)
    page.wait_for_selector('[role="alert"] h2')
    assert "No index is served here" in page.text_content('[role="alert"]')
    page.faults.clear()  # the browser itself notes the 404
