"""Small pictures as SVG, in the page's own colours: no library, light and dark."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from ._fold import ALIKE

__all__ = ["Curve", "histogram", "lines", "network_map", "ranges"]

WIDTH, HEIGHT = 720, 280
LEFT, RIGHT, TOP, BOTTOM = 60, 12, 30, 44
COLOURS = 8  # of the page's style, c0 to c7
MANY = 300  # points that are still drawn one by one


@dataclass(frozen=True)
class Curve:
    """Points of one kind.

    Attributes:
        name: In the legend; equal names are told once.
        colour: Number of a colour.
        points: `(place, value)`; values that are not positive numbers are left out.
        dashed: Whether it is a line without points.
        about: What a reader sees who points at it.
    """

    name: str
    colour: int
    points: Sequence[tuple[float, float | None]]
    dashed: bool = False
    about: str = ""


@dataclass(frozen=True)
class _Frame:
    """Where numbers lie in a picture: the second axis has powers of ten."""

    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, x: float) -> float:
        low, high = self.x
        return LEFT + (WIDTH - LEFT - RIGHT) * (x - low) / ((high - low) or 1)

    def up(self, value: float) -> float:
        low, high = self.y
        part = (math.log10(value) - low) / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(part, 0.0), 1.0)


def lines(curves: Sequence[Curve], title: str, across: str) -> str:
    """Curves of positive numbers on a scale of powers of ten; empty if there are none."""
    drawn = [(c, [(x, v) for x, v in c.points if _positive(v)]) for c in curves]
    drawn = [(c, points) for c, points in drawn if points]
    if not drawn:
        return ""
    values = [v for _, points in drawn for _, v in points if v is not None]
    places = [x for _, points in drawn for x, _ in points]
    frame = _Frame((min(places), max(places)), _decades(values))
    body = []
    for curve, points in drawn:
        at = [f"{frame.across(x):.1f} {frame.up(v):.1f}" for x, v in points if v is not None]
        way = "M" + "L".join(at)
        about = f"<title>{escape(curve.about or curve.name)}</title>"
        dash = ' stroke-dasharray="5 4"' if curve.dashed else ""
        body.append(f'<g class="c{curve.colour}">{about}<path class="line" d="{way}"{dash}/>')
        if not curve.dashed and len(at) <= MANY:
            dots = "".join(f"M{p}h0" for p in at)
            body.append(f'<path class="dots" d="{dots}"/>')
        body.append("</g>")
    names = {c.name: c.colour for c, _ in drawn}
    return _picture(frame, "".join(body), title, across, names)


def ranges(entries: Sequence[tuple[float, float, float]], title: str, across: str) -> str:
    """From the least to the largest number of each entry, and its median."""
    known = [(i + 1, e) for i, e in enumerate(entries) if all(map(_positive, e))]
    if not known:
        return ""
    frame = _Frame((1, len(entries)), _decades([v for _, e in known for v in e]))
    bars = "".join(
        f"M{frame.across(x):.1f} {frame.up(e[0]):.1f}V{frame.up(e[2]):.1f}" for x, e in known
    )
    dots = "".join(f"M{frame.across(x):.1f} {frame.up(e[1]):.1f}h0" for x, e in known)
    body = (f'<g class="c0"><path class="bar" d="{bars}"/></g>'
            f'<g class="c1"><path class="dots" d="{dots}"/></g>')  # fmt: skip
    return _picture(frame, body, title, across, {"least to largest": 0, "median": 1})


def histogram(values: Iterable[tuple[float, float]], title: str, across: str) -> str:
    """How much weight lies at which power of ten, of `(value, weight)` pairs."""
    known = [(math.log10(v), w) for v, w in values if _positive(v) and w > 0]
    if not known:
        return ""
    low, high = min(v for v, _ in known), max(v for v, _ in known)
    low, high = min(low, -0.05) - 0.02, max(high, 0.05) + 0.02
    bins = [0.0] * 48
    for v, w in known:
        bins[min(int((v - low) / (high - low) * len(bins)), len(bins) - 1)] += w
    top = max(bins)
    floor, scale = HEIGHT - BOTTOM, HEIGHT - TOP - BOTTOM
    frame = _Frame((low, high), (0, 1))
    step = (WIDTH - LEFT - RIGHT) / len(bins)
    bars = "".join(f"M{LEFT + (i + 0.5) * step:.1f} {floor}V{floor - scale * w / top:.1f}"
                   for i, w in enumerate(bins) if w)  # fmt: skip
    ticks = "".join(
        f'<text x="{frame.across(v):.1f}" y="{HEIGHT - 26}" text-anchor="middle">{_number(v)}'
        "</text>"
        for v in _even(low, high)
    )
    one = f'<path class="grid" d="M{frame.across(0.0):.1f} {TOP}V{floor}"/>'
    body = (f'{one}<g class="c0"><path class="bin" d="{bars}" stroke-width="{step - 1:.1f}"/></g>'
            f"{ticks}")  # fmt: skip
    return _svg(body, title, across, {})


def network_map(entries: Iterable[tuple[str, str]], left: str) -> str:
    """A line for each block of a network with a square for each weight, coloured by what it got.

    Blocks that got the same are one line if there are three of them or more.

    Args:
        entries: `(block, what)` of every weight, in order.
        left: What weights are called that were left alone; their squares are empty.
    """
    blocks: dict[str, list[str]] = {}
    for block, what in entries:
        blocks.setdefault(block, []).append(what)
    everything = [what for whats in blocks.values() for what in whats]
    kinds = [what for what in dict.fromkeys(everything) if what != left]
    shown = kinds + [left] * (left in everything)
    square = {what: f'<i class="c{min(n, COLOURS - 1)}"></i>' for n, what in enumerate(kinds)}
    square[left] = '<i class="none"></i>'
    legend = "".join(f"<span>{square[what]} {escape(what)}</span>" for what in shown)
    told = []
    for whats, run in groupby(blocks, key=blocks.__getitem__):
        names = list(run)
        if len(names) >= ALIKE:
            names = [f"{names[0]} to {names[-1]} ({len(names)} alike)"]
        row = "".join(square[what] for what in whats)
        told += [f"<dt>{escape(name)}<dd>{row}" for name in names]
    said = "; ".join(f"{everything.count(what)} {what}" for what in shown)
    return (
        f'<figure class="map" role="img" aria-label="Map of the weights: {escape(said)}">'
        "<figcaption>What each weight got, block by block</figcaption>"
        f'<p class="legend">{legend}</p><dl>{"".join(told)}</dl></figure>'
    )


def _positive(value: float | None) -> bool:
    return value is not None and math.isfinite(value) and value > 0


def _decades(values: Iterable[float]) -> tuple[float, float]:
    """Ends of a scale of at least one power of ten, a little beyond the values."""
    logs = [math.log10(v) for v in values]
    low, high = min(logs), max(logs)
    room = max(0.05 * (high - low), (1.0 - (high - low)) / 2)
    return low - room, high + room


def _even(low: float, high: float, most: int = 7) -> list[float]:
    """Even places on a scale: whole powers of ten if there are two, or parts of them."""
    step = max(1.0, math.ceil((high - low) / most))
    whole = [k * step for k in range(math.ceil(low / step), math.floor(high / step) + 1)]
    if len(whole) > 1:
        return whole
    return [low + (high - low) * (k + 0.5) / 4 for k in range(4)]


def _number(power: float) -> str:
    """A power of ten: 0.01, 100, 1e6."""
    if -3.5 < power < 4.5:
        return f"{10**power:.3g}"
    return f"{10**power:.0e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")


def _picture(frame: _Frame, body: str, title: str, across: str, names: Mapping[str, int]) -> str:
    marks = []
    for v in _even(*frame.y):
        y = frame.up(10**v)
        marks.append(
            f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(v)}</text>'
        )
    low, high = frame.x
    step = next(n * 10**k for k in range(12) for n in (1, 2, 5) if n * 10**k * 8 >= high - low)
    for x in range(math.ceil(low / step) * step, math.floor(high) + 1, step):
        at = f'x="{frame.across(x):.1f}" y="{HEIGHT - 26}"'
        marks.append(f'<text {at} text-anchor="middle">{x}</text>')
    return _svg("".join(marks) + body, title, across, names)


def _svg(body: str, title: str, across: str, names: Mapping[str, int]) -> str:
    legend, x = [], float(LEFT)
    for name, colour in names.items():
        legend.append(f'<g class="c{colour}"><path class="dots" d="M{x + 4:.0f} 12h0"/></g>'
                      f'<text x="{x + 14:.0f}" y="16">{escape(name)}</text>')  # fmt: skip
        x += 40 + 9 * len(name)
    drawn = "".join(legend)
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label="{escape(title)}">{drawn}{body}'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end">{escape(across)}</text>'
        "</svg></figure>"
    )
