"""Reports in a real notebook: as its last line, and by `rich.print`."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="the group docs brings notebooks")
nbclient = pytest.importorskip("nbclient", reason="the group docs brings notebooks")
pytest.importorskip("ipykernel", reason="the group docs brings notebooks")
pytest.importorskip("torch")

pytestmark = pytest.mark.filterwarnings("ignore")  # Jupyter's own
ROOT = Path(__file__).parents[2]
CELLS = (
    "import rich, torch\n"
    "from torch import nn\n"
    "import initcore_torch as init\n"
    "net = nn.Sequential(nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))",
    "report = init.initialize(net, 'orthogonal', seed=0)\nreport",
    "init.signal_report(net, torch.ones(2, 8))",
    "init.jacobian_spectrum(net, torch.ones(2, 8))",
    "init.plan(net, 'orthogonal')",
    "rich.print(report)",
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """What each cell displays, by MIME type."""
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec

    class Here(AsyncKernelManager):  # type: ignore[misc]
        """The kernel of this Python, whichever ones are installed on the machine."""

        @property
        def kernel_spec(self) -> Any:
            kernel = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
            return KernelSpec(argv=kernel)

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in CELLS])
    paths = os.pathsep.join(str(ROOT / part) for part in (".", "adapters"))
    home = str(tmp_path_factory.mktemp("home"))
    made = {"PYTHONPATH": paths, "IPYTHONDIR": home, "JUPYTER_RUNTIME_DIR": home}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.items():
            patch.setenv(name, value)
        nbclient.NotebookClient(book, timeout=120, kernel_manager_class=Here).execute()
    return [shown(cell) for cell in book.cells]


def shown(cell: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for output in cell.outputs:
        found |= output.get("data", {}) or {output.name: output.text}
    return found


@pytest.mark.parametrize(("cell", "words"), [
    (1, ["scheme orthogonal, seed 0", "<svg", "<table", "2.weight"]),
    (2, ["<svg", "<table", "2.weight"]),
    (3, ["<svg", "variance"]),
    (4, ["<table", "2.weight"]),
])  # fmt: skip
def test_a_report_as_the_last_line_is_html(
    outputs: list[dict[str, str]], cell: int, words: list[str]
) -> None:
    html = outputs[cell]["text/html"]
    assert [word for word in words if word not in html] == []
    assert "<html" not in html  # a piece of the notebook's page
    assert "text/plain" in outputs[cell]  # where HTML is not shown


def test_rich_prints_the_headline_in_colour_and_every_row(outputs: list[dict[str, str]]) -> None:
    html = outputs[5]["text/html"]
    assert "color: #008000" in html
    assert "scheme orthogonal, seed 0" in html
    assert all(path in outputs[5]["text/plain"] for path in ("0.weight", "2.weight"))
