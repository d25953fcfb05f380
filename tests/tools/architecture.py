"""The picture of the architecture, made from the code's own imports.

    python -m tests.tools.architecture

draws `docs/pictures/architecture.svg`: the core's rooms as boxes, their area the lines of code in
them, each above the rooms that it imports; the adapters and the conformance suite on top.
"""

from pathlib import Path
from typing import Any

from tests.tools.imports import PACKAGES, ROOMS, ROOT, import_graph, sources_of

__all__ = ["arrows", "draw", "floors"]

PICTURE = ROOT / "docs" / "pictures" / "architecture.svg"
HALF = 0.28  # of a box, in floors
OUTSIDE = [name for name in PACKAGES if name != "initcore"]


def arrows() -> set[tuple[str, str]]:
    """Pairs `(room, room that it imports)`; packages beside the core count as one room each."""
    found = set()
    for package in PACKAGES:
        sources = {**sources_of(package), **(sources_of("initcore") if package in OUTSIDE else {})}
        for module, targets in import_graph(sources).items():
            found |= {(_room(module), _room(target)) for target in targets}
    rooms = {*ROOMS, *OUTSIDE}
    return {(a, b) for a, b in found if a in rooms and b in rooms and a != b}


def _room(module: str) -> str:
    package, _, rest = module.partition(".")
    return package if package in OUTSIDE else rest.partition(".")[0]


def floors(pairs: set[tuple[str, str]]) -> dict[str, int]:
    """The floor of each room: one above the highest room that it imports."""
    floor: dict[str, int] = {}
    for room in (*ROOMS, *OUTSIDE):
        floor[room] = 1 + max((floor.get(b, 0) for a, b in pairs if a == room), default=0)
    top = 1 + max(floor[room] for room in ROOMS)
    return {**floor, **dict.fromkeys(OUTSIDE, top)}


def direct(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The pairs that do not follow from others: a picture of all of them is a tangle."""
    below: dict[str, set[str]] = {}

    def reach(room: str) -> set[str]:
        if room not in below:
            next_ = {b for a, b in pairs if a == room}
            below[room] = next_.union(*(reach(b) for b in next_)) if next_ else set()
        return below[room]

    return {
        (a, b) for a, b in pairs
        if not any(b in reach(c) for c in {c for d, c in pairs if d == a} - {b})
    }  # fmt: skip


def draw(path: Path = PICTURE) -> None:
    """Write the picture."""
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "initcore"  # the same file from the same code
    mpl.rcParams["svg.fonttype"] = "none"
    pairs = arrows()
    floor = floors(pairs)
    lines = {room: _lines(room) for room in floor}
    figure, axes = plt.subplots(figsize=(10, 7.5))
    centers: dict[str, tuple[float, float]] = {}
    for level in range(1, max(floor.values()) + 1):
        rooms = [room for room in floor if floor[room] == level]
        for number, room in enumerate(rooms):
            centers[room] = ((number + 0.5) / len(rooms), float(level))
    for a, b in sorted(direct(pairs)):
        (x, y), (u, v) = centers[a], centers[b]
        style = {"arrowstyle": "-|>", "color": "#9aa5b1", "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=(u, v + HALF), xytext=(x, y - HALF), arrowprops=style)
    for room, (x, y) in centers.items():
        outside = room in OUTSIDE
        axes.text(
            x, y, f"{room.removeprefix('initcore_') if outside else room}\n{lines[room]} lines",
            ha="center", va="center", fontsize=10,
            bbox={"boxstyle": "round,pad=0.4", "facecolor": "#fdf0dc" if outside else "#e3eefb",
                  "edgecolor": "#c77f1a" if outside else "#3b74b8"},
        )  # fmt: skip
    axes.set(xlim=(-0.02, 1.02), ylim=(0.5, max(floor.values()) + 0.5))
    axes.axis("off")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)


def _lines(room: str) -> int:
    folder: Any = PACKAGES[room] if room in OUTSIDE else PACKAGES["initcore"] / room
    return sum(len(p.read_text().splitlines()) for p in folder.rglob("*.py"))


if __name__ == "__main__":
    draw()
    print(PICTURE.relative_to(ROOT))
