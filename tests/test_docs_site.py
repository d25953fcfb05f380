"""The built pages in a real browser: `make docs` makes them, `make look` runs this.

Chromium opens every page at desktop and phone width, light and dark.
"""

import functools
import json
import os
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).parents[1] / "docs" / "_build"
CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PAGES = (
    sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html")) if SITE.exists() else []
)
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}

pytestmark = pytest.mark.skipif(not PAGES, reason="no pages are built: make docs")

CHECKS = (Path(__file__).parent / "tools" / "page_checks.js").read_text("utf-8")


class References(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {v for k, v in attrs if k in ("id", "name") and v}
        link = given.get("href") if tag in ("a", "link") else given.get("src")
        if link:
            self.links.append(link)


def references(page: Path) -> References:
    found = References()
    found.feed(page.read_text("utf-8"))
    return found


def test_every_link_and_anchor_exists() -> None:
    known = {page: references(SITE / page) for page in PAGES}
    broken = []
    for page, found in known.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link == "#":
                continue
            target = (SITE / page).parent / unquote(parts.path) if parts.path else SITE / page
            name = os.path.relpath(target, SITE)
            if not target.exists() or (
                parts.fragment
                and name in known
                and unquote(parts.fragment) not in known[name].anchors
            ):
                broken.append(f"{page}: {link}")
    assert not broken, broken[:10]


def test_the_search_finds_names_and_words() -> None:
    index = (SITE / "searchindex.js").read_text("utf-8")
    found = json.loads(re.search(r"Search\.setIndex\((.*)\)", index, re.S)[1])  # type: ignore[index]
    assert "orthogon" in found["terms"]  # words are stemmed
    assert any(name == "initialize" for *_, name in found["objects"]["initcore_torch"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: make look")
    with playwright.sync_playwright() as driver:
        one = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield one
        one.close()


def findings(tab: Any, width: int) -> list[str]:
    """What is wrong with the page that is open."""
    found: list[str] = tab.evaluate(CHECKS, width)
    return found


def test_the_checks_find_what_is_wrong(browser: Any) -> None:
    tab = browser.new_page(viewport={"width": 390, "height": 844})
    for body, what in {
        "<div style='width: 500px'>wide</div>": "too wide",
        "<img src='gone.png' alt=''>": "image",
        "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>": "no alt",
        "<p style='color: #999'>grey</p>": "contrast",
        "<div style='background: #222'><p style='color: #555'>grey</p></div>": "contrast",
    }.items():
        tab.set_content(body)
        assert any(one.startswith(what) for one in findings(tab, 390)), body
    tab.set_content("<p style='color: #333'>fine</p>")
    assert not findings(tab, 390)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_fit_and_can_be_read(browser: Any, size: str, scheme: str) -> None:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    tab, found = context.new_page(), []
    tab.on("pageerror", lambda error: found.append(f"script: {error}"))
    for page in PAGES:
        tab.goto((SITE / page).as_uri(), wait_until="load")
        found += [f"{page}: {one}" for one in findings(tab, width)]
    context.close()
    assert not found, f"{len(found)} findings:\n" + "\n".join(found[:40])


def test_the_first_page_works_by_keyboard(browser: Any) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.goto((SITE / "index.html").as_uri())
    seen = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        seen.append(tab.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.tagName, e.name || e.id || e.textContent.trim().slice(0, 20),"
            " s.outlineStyle !== 'none' || s.boxShadow !== 'none' || e.matches(':focus-visible')] }"
        ))  # fmt: skip
    assert any(name == "q" for _, name, _ in seen), "the search field"
    assert any(name == "Get started" for _, name, _ in seen)
    assert all(shown for tag, _, shown in seen if tag in ("A", "BUTTON", "INPUT"))
    tab.locator("label.sd-tab-label", has_text="JAX").click()
    assert tab.locator("text=import initcore_jax").first.is_visible()
    tab.keyboard.press("ArrowRight")  # tabs are radio buttons: arrows change them
    assert tab.locator("text=import initcore_keras").first.is_visible()


def test_a_version_can_be_chosen_where_there_are_several(browser: Any, tmp_path: Path) -> None:
    for version in ("0.2", "0.1"):
        (tmp_path / version).symlink_to(SITE)
    (tmp_path / "versions.json").write_text(json.dumps({"versions": ["0.2", "0.1"]}))
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(f"http://127.0.0.1:{server.server_port}/0.2/howto/part.html")
        choice = tab.get_by_label("Version of these pages")
        assert choice.input_value() == "0.2"
        choice.select_option("0.1")
        tab.wait_for_url("**/0.1/howto/part.html")
        assert not findings(tab, 1280)
        server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Files, without a line for each."""

    def log_message(self, *_: Any) -> None:
        pass


def test_code_has_a_copy_button(browser: Any) -> None:
    tab = browser.new_page()
    tab.goto((SITE / "faq.html").as_uri())
    assert tab.locator("button.copybtn").count() >= 5
