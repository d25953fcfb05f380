"""The picture of two calls: through which files they go, recorded while they run.

    python -m tests.tools.routes

draws `docs/pictures/routes.svg`: the files that `initcore_torch.orthogonal_` and
`initcore_torch.initialize` enter, in order, each indented below the file that called it.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests.tools.imports import PACKAGES, ROOT

__all__ = ["Step", "draw", "route"]

PICTURE = ROOT / "docs" / "pictures" / "routes.svg"
FOLDERS = {str(folder) + "/": name for name, folder in PACKAGES.items()}
Step = tuple[int, str, str]


def route(call: Callable[[], Any]) -> list[Step]:
    """The files of the project that `call` enters: depth, file and the function entered first."""
    steps: list[Step] = []
    seen: dict[str, int] = {}

    def enter(frame: FrameType, event: str, argument: Any) -> None:
        file = _file(frame)
        if event != "call" or file is None or file in seen:
            return
        caller = frame.f_back
        while caller is not None and _file(caller) not in seen:
            caller = caller.f_back
        above = seen[_file(caller) or ""] if caller is not None else -1
        seen[file] = above + 1
        steps.append((above + 1, file, frame.f_code.co_name))

    before = sys.getprofile()
    sys.setprofile(enter)
    try:
        call()
    finally:
        sys.setprofile(before)
    return steps


def _file(frame: FrameType) -> str | None:
    path = frame.f_code.co_filename
    for folder, name in FOLDERS.items():
        if path.startswith(folder):
            return f"{name}/{path.removeprefix(folder)}"
    return None


def calls() -> dict[str, Callable[[], Any]]:
    """The two calls, by what a user types."""
    import torch

    import initcore_torch as init

    model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    weight = torch.empty(256, 128)
    return {
        "orthogonal_(weight, seed=0)": lambda: init.orthogonal_(weight, seed=0),
        'initialize(model, "orthogonal")': lambda: init.initialize(model, "orthogonal"),
    }


def draw(path: Path = PICTURE) -> None:
    """Write the picture."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "initcore"  # the same file from the same code
    mpl.rcParams["svg.fonttype"] = "none"
    for call in calls().values():
        call()  # imports and caches are not on the way of a usual call
    routes = {text: route(call) for text, call in calls().items()}
    rows = max(len(steps) for steps in routes.values())
    figure, columns = plt.subplots(1, len(routes), figsize=(14, 0.27 * rows + 0.6))
    for axes, (text, steps) in zip(columns, routes.items(), strict=True):
        axes.set(xlim=(0, 1), ylim=(rows + 0.5, -1.5))
        axes.axis("off")
        axes.text(0, -1, text, family="monospace", fontweight="bold", fontsize=11, va="center")
        for row, (depth, file, function) in enumerate(steps):
            adapter = not file.startswith("initcore/")
            axes.text(
                0.035 * depth, row, f"{file.removesuffix('.py')}  {function}", fontsize=8.5,
                va="center", family="monospace", color="#c77f1a" if adapter else "#23527c",
            )  # fmt: skip
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    draw()
    print(PICTURE.relative_to(ROOT))
