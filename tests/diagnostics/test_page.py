"""The page of all reports: complete in itself, and right in a real browser."""

import json
import shutil
import subprocess
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
    for outside in ("<script", "<link", "src=", "@import", "url("):
        assert outside not in text.replace("url(#", "")
    assert text.count("<svg") == 3
    assert text.count("<section") == 3


def test_a_browser_shows_every_row_and_picture(page: Path, tmp_path: Path) -> None:
    if CHROMIUM is None:
        pytest.skip("no Chromium: the page is only read as text")
    probe = tmp_path / "probe.html"
    script = """<script>addEventListener("load", () => {
      const rows = [...document.querySelectorAll("tbody tr")];
      const pictures = [...document.querySelectorAll("svg")].map(s => s.getBoundingClientRect());
      document.body.innerHTML = "<pre id=out>" + JSON.stringify({
        rows: rows.length, seen: rows.filter(r => r.offsetHeight > 10).length,
        pictures: pictures.map(p => [Math.round(p.width), Math.round(p.height)]),
        wide: document.documentElement.scrollWidth <= innerWidth,
        title: document.title}) + "</pre>"; });</script>"""
    probe.write_text(page.read_text("utf-8").replace("</body>", f"{script}</body>"), "utf-8")
    command = [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path / 'user'}", "--dump-dom",
               "--window-size=1200,900", probe.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout.partition('id="out">')[2].partition("</pre>")[0])
    assert found["rows"] == found["seen"] == 24 + 12 + 12
    assert len(found["pictures"]) == 3
    assert all(width > 400 and height > 200 for width, height in found["pictures"])
    assert found["wide"], "the page scrolls sideways"
    assert found["title"] == "Weights of Sequential"


def test_only_reports_are_saved(page: Path) -> None:
    report = initialize(nn.Linear(2, 2), "orthogonal", sample_input=torch.zeros(1, 2))
    with pytest.raises(TypeError, match="got int for signals"):
        report.save(page.with_name("other.html"), signals=3)
    assert not page.with_name("other.html").exists()
