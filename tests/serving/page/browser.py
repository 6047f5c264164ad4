"""Finding a Chromium and driving it; a test that needs one is skipped, and says so, where there is none."""

import os
import shutil
import time
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
PATIENCE_MS = 60_000
# Containers have no user namespaces and little shared memory; only pages of this repository are opened.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


def find_chromium():
    """Path of a browser: the one that `EMBEDRANK_CHROMIUM` names, or the first on the path; None if there is none."""
    return os.environ.get("EMBEDRANK_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser():
    """A headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright (pip install playwright)")
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium, or set EMBEDRANK_CHROMIUM to one)")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=PATIENCE_MS)
        try:
            yield launched
        finally:
            launched.close()


def wait_for_count(page, selector, number):
    """Wait until so many elements match; the page's policy forbids the ways of waiting that evaluate strings."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while (count := page.locator(selector).count()) != number:
        assert time.monotonic() < until, f"{count} of {selector}, not {number}"
        page.wait_for_timeout(50)
