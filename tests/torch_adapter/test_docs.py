"""What the page on PyTorch says is true."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

import initcore_torch as init

PAGE = Path(__file__).parents[2] / "docs" / "torch.md"
THEIRS = torch.nn.init


def test_the_snippets_run() -> None:
    snippets = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert len(snippets) >= 3
    names: dict[str, Any] = {}
    for snippet in snippets:
        exec(snippet, names)


def test_the_page_names_every_function() -> None:
    page = PAGE.read_text()
    public = [n for n in dir(init) if n.endswith("_") and not n.startswith("_")]
    siblings = ("lecun_", "glorot_", "he_", "xavier_", "kaiming_", "truncated_")
    mine = [n for n in public if n not in THEIRS.__all__ and not n.startswith(siblings)]
    assert not [n for n in mine if n not in page]


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_dirac_leaves_the_image_in_place_for_even_kernels_too(k: int) -> None:
    x = torch.randn(1, 3, 9, generator=torch.Generator().manual_seed(0))

    def shifted(module: Any) -> bool:
        w = module.dirac_(torch.empty(3, 3, k))
        edges = ((k - 1) // 2, k // 2)  # what padding="same" puts before and after
        y = torch.nn.functional.conv1d(torch.nn.functional.pad(x, edges), w)
        return not torch.equal(y, x)

    assert not shifted(init)
    assert shifted(THEIRS) == (k % 2 == 0)


def test_pytorchs_own_faults_are_still_there() -> None:
    # Where one of these fails, PyTorch has mended it: take the line off the page.
    with pytest.raises((RuntimeError, NotImplementedError)):
        THEIRS.orthogonal_(torch.empty(3, 3, dtype=torch.bfloat16))
    places = [
        THEIRS.sparse_(torch.empty(50, 20), 0.5, generator=torch.Generator().manual_seed(5)) == 0
        for _ in range(2)
    ]
    assert not torch.equal(*places)
    for module, error in ((THEIRS, ZeroDivisionError), (init, ValueError)):
        with pytest.raises(error):
            module.trunc_normal_(torch.empty(5), std=0)
    with pytest.raises(ZeroDivisionError):
        THEIRS.xavier_normal_(torch.empty(0, 0))
    with pytest.warns(UserWarning, match="no-op"):
        init.kaiming_normal_(torch.empty(0, 0))
    assert init.xavier_normal_(torch.empty(0, 0)).shape == (0, 0)
    for module, error in ((THEIRS, RuntimeError), (init, ValueError)):
        with pytest.raises(error):
            module.uniform_(torch.empty(5), 1.0, 0.0)
        with pytest.raises(error):
            module.normal_(torch.empty(5), std=-1.0)
