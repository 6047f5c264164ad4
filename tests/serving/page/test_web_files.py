"""The files of the page, without a browser."""

import asyncio
import re

import pytest

from embedrank.serving.page.web_files import web_files


def _get(call, *paths, **headers):
    async def work():
        async with call() as client:
            return [await client.get(path, headers=headers) for path in paths]

    return asyncio.run(work())


def test_everything_that_the_page_names_is_there():
    files = web_files()
    named = set(re.findall(r'(?:href|src)="/web/([^"]+)"', files["index.html"].content.decode()))
    assert {"css/base.css", "js/app.js", "js/theme.js", "icon.svg"} <= named <= set(files)
    for name, file in files.items():
        if name.endswith(".js"):
            imported = re.findall(r'from "\./([^"]+)"', file.content.decode())
            assert {f"js/{each}" for each in imported} <= set(files), name


def test_every_module_is_used_and_none_is_long():
    files = {name: file.content.decode() for name, file in web_files().items()}
    reached, todo = set(), ["js/app.js"]
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [f"js/{each}" for each in re.findall(r'from "\./([^"]+)"', files[name])]
    scripts = {name for name in files if name.startswith("js/")}
    assert scripts - reached == {"js/theme.js"}  # runs before modules do
    assert max(text.count("\n") for text in files.values()) <= 250


@pytest.mark.parametrize(
    "name", ["http://", "https://", "//cdn", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval("]
)
def test_nothing_is_loaded_from_elsewhere_and_no_text_becomes_markup(name):
    own = ("http://www.w3.org/",)  # names of XML, which nobody fetches
    for path, file in web_files().items():
        text = file.content.decode()
        for word in own:
            text = text.replace(word, "")
        assert name not in text, path


def test_the_page_forbids_scripts_and_styles_of_others_and_inline_ones(call):
    page, script = _get(call, "/", "/web/js/app.js")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page.text)


def test_what_has_not_changed_is_not_sent_again(call):
    (page,) = _get(call, "/")
    (again,) = _get(call, "/", **{"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/web/../app.py", "/web/%2e%2e/errors.py", "/web//etc/passwd", "/web/js", "/web/"])
def test_only_files_of_the_page_can_be_had(call, path):
    (response,) = _get(call, path)
    assert response.status_code == 404


def test_the_page_needs_no_key_and_what_it_asks_for_does(call):
    from embedrank.serving.settings import AccessSettings, KeySettings

    async def work():
        async with call(access=AccessSettings(keys={"me": KeySettings(key="12345678")})) as client:
            return [(await client.get(path)).status_code for path in ("/", "/web/js/app.js", "/index", "/metrics")]

    assert asyncio.run(work()) == [200, 200, 401, 401]
