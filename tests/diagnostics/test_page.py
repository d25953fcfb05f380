"""The page of all reports: complete in itself, and right in a real browser."""

import json
import shutil
import subprocess
from html import escape
from pathlib import Path

import pytest
import torch
from torch import nn

from initcore_torch import initialize, jacobian_spectrum, orthogonality, signal_report

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-quic",
]  # fmt: skip

# Filters and sorts the first table as a user does, and leaves what it saw in the outer page.
USER = """addEventListener("load", () => {
  const table = document.querySelector("#weights table"), rows = [...table.tBodies[0].rows];
  const box = document.querySelector("#weights input");
  const head = table.tHead.querySelectorAll("button")[0];
  const seen = () => rows.filter(r => r.offsetHeight > 10).length;
  const filter = text => {
    box.value = text; box.dispatchEvent(new Event("input")); return seen(); };
  const first = () =>
    [...table.tBodies[0].rows].find(r => !r.className && !r.hidden).cells[0].textContent;
  const found = { all: seen(), rows: rows.length, one: filter("first"), inner: filter("7.bias"),
    none: filter("no such"), again: filter(""), before: first() };
  head.click(); found.up = first(); head.click(); found.down = first(); head.click();
  found.after = first();
  found.wide = document.documentElement.scrollWidth - innerWidth;
  found.pictures =
    [...document.querySelectorAll("svg")].map(s => Math.round(s.getBoundingClientRect().height));
  parent.document.body.innerHTML = "<pre id=out>" + JSON.stringify(found) + "</pre>"; });"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    layers: list[nn.Module] = []
    for _ in range(12):
        layers += [nn.Linear(64, 64), nn.Tanh()]
    net = nn.Sequential(*layers)
    x = torch.randn(8, 64, generator=torch.Generator().manual_seed(0))
    report = initialize(net, "orthogonal")
    path = tmp_path_factory.mktemp("page") / "init.html"
    report.save(
        path,
        signals=signal_report(net, x),
        jacobian=jacobian_spectrum(net, x),
        orthogonality=orthogonality(net),
    )
    return path


def test_the_page_needs_no_other_file(page: Path) -> None:
    text = page.read_text("utf-8")
    for outside in ("<script ", "<link", "src=", "@import", "url("):
        assert outside not in text
    assert text.count("<svg") == 3
    assert text.count("<section") == 4


def test_the_verdict_and_the_pictures_come_before_the_tables(page: Path) -> None:
    text = page.read_text("utf-8")
    order = ['role="status"', "<svg", 'class="map"', "<table", 'id="jacobian"']
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert text.rindex("<figure") < text.index("<table")


@pytest.mark.parametrize("width", [1200, 390])
def test_a_browser_shows_filters_and_sorts_every_row(
    page: Path, tmp_path: Path, width: int
) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium: the page is only read as text")
    # Chromium's windows are no narrower than 500 pixels, but frames are.
    frame = tmp_path / "frame.html"
    script = f"<script>{USER}</script>"
    inner = page.read_text("utf-8").replace("</body>", f"{script}</body>")
    frame.write_text(
        f'<iframe width={width} height=900 srcdoc="{escape(inner)}"></iframe>', "utf-8"
    )
    command = [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path / 'user'}", "--dump-dom",
               "--window-size=1400,1000", frame.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout.partition('id="out">')[2].partition("</pre>")[0])
    # The first and the last layer, and ten folded ones under their title.
    assert found["all"] == found["rows"] == found["again"] == 7
    assert (found["one"], found["inner"], found["none"]) == (1, 2, 0)
    assert found["before"] == found["after"] == "0.weight"
    assert (found["up"], found["down"]) == ("*.bias", "22.weight")
    assert found["wide"] <= 0, "the page scrolls sideways"
    assert all(height > 100 for height in found["pictures"])


def test_a_model_of_a_thousand_weights_has_a_small_page(tmp_path: Path) -> None:
    blocks = [nn.Sequential(nn.Linear(8, 8), nn.Tanh()) for _ in range(500)]
    net, x = nn.Sequential(*blocks), torch.ones(2, 8)
    # Every second weight is given something else, so that no two neighbours fold.
    odd = {f"{i}.0.weight": ("orthogonal", {"gain": 1 + i / 1000}) for i in range(0, 500, 2)}
    report = initialize(net, "he_normal", overrides=odd)
    path = tmp_path / "init.html"
    report.save(path, signals=signal_report(net, x), orthogonality=orthogonality(net))
    assert len(report) == 1000
    assert path.stat().st_size < 300_000


def test_only_reports_are_saved(page: Path) -> None:
    report = initialize(nn.Linear(2, 2), "orthogonal", sample_input=torch.zeros(1, 2))
    with pytest.raises(TypeError, match="got int for signals"):
        report.save(page.with_name("other.html"), signals=3)
    assert not page.with_name("other.html").exists()
