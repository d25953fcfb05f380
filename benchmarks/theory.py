"""How long the theory takes: medians of calls, each with arguments not asked for before.

python benchmarks/theory.py [--quick]
"""

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from _measure import row, title

import initcore
from initcore import theory


def median(calls: list[Callable[[], Any]]) -> float:
    """Median seconds of calls that are made once each."""
    seconds = []
    for call in calls:
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    n = 3 if "--quick" in sys.argv else 9
    lengths = [0.05 + 0.01 * i for i in range(n)]
    initcore.gain("tanh"), theory.critical_point("tanh", 0.9)  # SciPy is imported

    def points(q: float) -> Any:
        spectrum = theory.jacobian_spectrum("tanh", 100, q=q)
        return spectrum.density(np.linspace(0.01, 3.0, 200))

    title("what", "milliseconds", "at most")
    rows: list[tuple[str, list[Callable[[], Any]], str]] = [
        ("a named gain", [lambda: initcore.gain("gelu")] * n, "1"),
        ("the gain of a callable", [lambda: initcore.gain(np.tanh)] * n, ""),
        ("a critical point", [lambda q=q: theory.critical_point("gelu", q) for q in lengths], "50"),
        ("the mean square for a depth", [lambda i=i: theory.q_for_depth("tanh", 100 + i)
                                    for i in range(n)], ""),
        ("a spectrum, 100 layers, 200 points", [lambda q=q: points(q) for q in lengths], "5000"),
        ("the distribution after 100 layers of 100 units",
         [lambda i=i: theory.relu_norm_law([100] * (100 + i), sigma_w=0.02**0.5).cdf(1.0)
          for i in range(n)], ""),
    ]  # fmt: skip
    for name, calls, most in rows:
        row(name, f"{median(calls) * 1e3:.3g}", most)


if __name__ == "__main__":
    main()
