"""Importing the adapter is quick: what few calls need is imported by them."""

import subprocess
import sys

SLOW = ("torch._dynamo", "torch._inductor", "torch.distributed.tensor", "scipy.linalg", "sympy",
        "matplotlib", "hypothesis", "triton")  # fmt: skip


def test_importing_the_adapter_imports_nothing_slow_but_what_pytorch_does() -> None:
    code = (
        "import sys, torch; before = {*sys.modules}; import initcore_torch; "
        f"print([m for m in {SLOW} if m in sys.modules and m not in before])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
