"""Spectra of free products from `log z(w)`, by the curve on which `z` is real.

For `n` free factors distributed as `Y`, `M(z) = M_Y(w)` solves the S-transform equation, where
`z = w (w M_Y / (1 + M_Y))**(n - 1)`. Here `w(z)` is the subordination function (Belinschi &
Bercovici, IMRN 2005), analytic from the upper half-plane into itself. So the right branch is found
without following any branch. On each half-circle `|w| = r` the argument of `z`, divided by that of
`w`, increases; it is zero at one `theta(r)` or nowhere, and `z` grows with `r` along
`r exp(i theta(r))`. Where `theta > 0` the spectrum has the density `-Im M / (pi z)`.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from ...activations import legendre

__all__ = ["Band", "Free", "Map", "follow", "height_at"]

TINY = 1e-9  # least argument of w: a band ends where the argument is smaller
NARROW = 1e-7
ORDER = 10
MOST_HALVINGS = 12
MOST_PANELS = 300


class Map(Protocol):
    """`log z(w)` in the upper half-plane."""

    anchors: tuple[float, ...]
    """Radii near which `z` changes fast."""
    radii: tuple[float, float]
    """The visible spectrum lies between these radii."""

    def rows(self, r: Any) -> Any:
        """Values that depend on the radii alone, a row for each radius."""

    def at(self, w: Any, rows: Any) -> tuple[Any, Any, Any]:
        """`log z`, its slope `d log z / d log w`, and `M`, at `w` on the radii of `rows`."""


class Free:
    """`n` free factors like `Y`, each times a free Marchenko-Pastur factor if `gaussian`."""

    def __init__(self, law: Any, n: int, gaussian: bool) -> None:
        self._law, self._n, self._gaussian = law, n, n if gaussian else 0
        places = [p for p in (*law.places.tolist(), *(law.support or ()), 1.0) if p > 0]
        self.anchors = tuple(sorted({p for p in places if p > 1e-9}))
        self.radii = (max(1e-3 * min(1e-10, *places), 1e-200), 10 + 4 * (n + 1) * max(places))

    def rows(self, r: Any) -> Any:
        y, weight = self._law.nodes(r)
        return y, weight, weight * (y - 1)

    def at(self, w: Any, rows: Any) -> tuple[Any, Any, Any]:
        y, weight, centred = rows
        near = 1 / (w[:, None] - y)
        scaled = weight * y
        g = (weight * near).sum(axis=1)  # E 1 / (w - Y)
        m = (scaled * near).sum(axis=1)  # E Y / (w - Y)
        d = (centred * near).sum(axis=1)  # E (Y - 1) / (w - Y)
        near *= near
        dg, dm, dd = (-(a * near).sum(axis=1) for a in (weight, scaled, centred))
        # c = w M / (1 + M): the first form keeps its digits where Y is near 1, the other near 0
        first = abs(d) < 0.5 * abs(g)
        c = np.where(first, 1 + d / g, m / g)
        dc = np.where(first, dd - d * dg / g, dm - m * dg / g) / g
        log_z = np.log(w) + (self._n - 1) * np.log(c) + self._gaussian * np.log(w * g)
        slope = 1 + (self._n - 1) * w * dc / c + self._gaussian * (1 + w * dg / g)
        return log_z, slope, m


@dataclass(frozen=True)
class Band:
    """One stretch of the curve, at ascending nodes.

    Attributes:
        edges: `log x` at its two ends.
        log_r, theta: `log w`.
        log_x: `log z` there, ascending.
        height: `-Im M / pi`, the density of `log x`.
        weight: Quadrature weights for `d log x`.
        below: The band's mass below each node.
        open: Whether it reaches towards 0, below the visible spectrum.
    """

    edges: tuple[float, float]
    log_r: Any
    theta: Any
    log_x: Any
    height: Any
    weight: Any
    below: Any
    open: bool = False

    @property
    def mass(self) -> float:
        """The mass of the band."""
        return float(self.weight @ self.height)


def follow(z: Map) -> list[Band]:
    """All bands of the spectrum of `z`, from the smallest values to the largest."""
    bands = []
    for low, high in _bands(z):
        ends = _in_chunks(z, np.array([low, high]), np.full(2, TINY))[0].real
        curve = _resolved(z, low, high)
        # A band that leaves the visible spectrum ends at the last node.
        edges = (min(float(ends[0]), float(curve[2][0])), max(float(ends[1]), float(curve[2][-1])))
        open_ = low <= math.log(z.radii[0])
        bands.append(replace(Band(edges, *curve), open=open_))
    return bands


def _in_chunks(z: Map, u: Any, theta: Any, size: int = 128) -> tuple[Any, Any, Any]:
    parts = []
    for i in range(0, u.size, size):
        r = np.exp(u[i : i + size])
        parts.append(z.at(r * np.exp(1j * theta[i : i + size]), z.rows(r)))
    return tuple(np.concatenate(p) for p in zip(*parts, strict=True))  # type: ignore[return-value]


def _bands(z: Map) -> list[tuple[float, float]]:
    """Intervals of `log r` where the argument of `z` starts out negative."""
    from scipy.optimize.elementwise import find_root

    low, high = (math.log(r) for r in z.radii)
    u = [np.linspace(low, high, 400)]
    steps = np.geomspace(1e-9, 3.0, 60)
    for anchor in z.anchors:
        near = np.concatenate([anchor * (1 + steps), anchor / (1 + steps), [anchor]])
        u.append(np.log(near))
    grid = np.unique(np.concatenate(u))
    grid = grid[(grid >= low) & (grid <= high)]

    def start(at: Any) -> Any:
        return _in_chunks(z, at, np.full(at.size, TINY))[0].imag / TINY

    inside = start(grid) < 0
    changes = np.flatnonzero(inside[1:] != inside[:-1])
    if changes.size:
        found = find_root(
            start,
            (grid[changes], grid[changes + 1]),
            tolerances={"xatol": 1e-14, "xrtol": 1e-14, "fatol": 0, "frtol": 0},
        )
        # a band can end at a pole, an atom of mass exactly 1 - 1 / n, where rounding hides the root
        poles = np.log(np.array(z.anchors))
        close = poles[abs(found.x[:, None] - poles).argmin(axis=1)]
        cuts = np.where(abs(found.x - close) < 1e-6, close, found.x).tolist()
    else:
        cuts = []
    ends = ([low] if inside[0] else []) + cuts + ([high] if inside[-1] else [])
    bands: list[tuple[float, float]] = []
    for a, b in zip(ends[::2], ends[1::2], strict=True):
        if bands and a - bands[-1][1] < NARROW:  # a gap made by rounding
            bands[-1] = (bands[-1][0], b)
        elif b - a > NARROW:
            bands.append((a, b))
    return bands


def _resolved(z: Map, low: float, high: float) -> tuple[Any, ...]:
    """The fields of `Band`, on panels that are halved until the last Legendre coefficients of their
    mass are small.
    """
    steps = 8.0 ** -np.arange(-1, 4)
    points = [low, high, *np.arange(math.ceil(low), high, 4.0), (low + high) / 2]
    points += [math.log(a) + s * d for a in z.anchors for d in steps for s in (1, -1)]
    inner = np.unique([p for p in points if low <= p <= high])
    ends = inner[np.concatenate([[True], np.diff(inner) > 1e-3 * min(1.0, high - low)])]
    ends[-1] = high
    # theta is like a square root at both ends of the band, and smooth in this s
    todo = np.arccos(np.clip(1 - 2 * (ends - low) / (high - low), -1, 1)) / math.pi
    panels = np.stack([todo[:-1], todo[1:]], axis=1)
    x, w = legendre(ORDER)
    # the two highest Legendre coefficients from values at the nodes
    p = np.polynomial.legendre.legvander(2 * x - 1, ORDER - 1)[:, -2:]
    top = (p * w[:, None] * (2 * np.arange(ORDER - 2, ORDER) + 1)).T
    partial = _partial_integrals(x, w)
    done: list[Any] = []
    for depth in range(MOST_HALVINGS + 1):
        s = panels[:, :1] + np.diff(panels, axis=1) * x
        ds = np.diff(panels, axis=1) * w
        u = low + (high - low) * np.sin(math.pi / 2 * s) ** 2
        du = ds * (high - low) * math.pi / 2 * np.sin(math.pi * s)
        theta = _argument(z, u.reshape(-1))
        # Where theta is 0, the curve is evaluated a little above the axis: Y may have an atom.
        curve = _in_chunks(z, u.reshape(-1), np.maximum(theta, TINY))
        log_z, slope, m = (a.reshape(u.shape) for a in curve)
        with np.errstate(all="ignore"):
            weight = np.where(theta.reshape(u.shape) > 0, du * abs(slope) ** 2 / slope.real, 0.0)
        height = -m.imag / math.pi
        mass = weight * height
        doubt = abs((mass / w) @ top.T).sum(axis=1)
        good = (doubt < 1e-9) | (depth == MOST_HALVINGS) | (panels.shape[0] > MOST_PANELS)
        inner = (mass / w) @ partial.T
        fine = (s, u, theta.reshape(u.shape), log_z.real, height, weight, inner)
        done.append([a[good] for a in fine])
        panels = panels[~good]
        if not panels.size:
            break
        middle = panels.mean(axis=1)
        panels = np.concatenate(
            [np.stack([panels[:, 0], middle], 1), np.stack([middle, panels[:, 1]], 1)]
        )
    columns = [np.concatenate([d[k] for d in done]) for k in range(7)]
    order = np.argsort(columns[0][:, 0])
    _, u, theta, log_x, height, weight, inner = (c[order] for c in columns)
    mass = (weight * height).sum(axis=1)
    below = (np.cumsum(mass) - mass)[:, None] + inner
    seen = weight.reshape(-1) > 0
    return tuple(c.reshape(-1)[seen] for c in (u, theta, log_x, height, weight, below))


def _partial_integrals(x: Any, w: Any) -> Any:
    """The matrix from values at the nodes `x` of [0, 1] to integrals from 0 to each of them."""
    n = x.size
    p = np.polynomial.legendre.legvander(2 * x - 1, n)
    k = np.arange(1, n)
    integral = np.empty((n, n))  # of each Legendre polynomial, from 0 to x
    integral[:, 0] = x
    integral[:, 1:] = (p[:, 2 : n + 1] - p[:, : n - 1]) / (2 * (2 * k + 1))
    return integral @ ((2 * np.arange(n) + 1)[:, None] * (p[:, :n] * w[:, None]).T)


def _argument(z: Map, u: Any, size: int = 128) -> Any:
    """`theta(r)`: the angle on the half-circle at which `z` has argument 0; 0 if there is none."""
    from scipy.optimize.elementwise import find_root

    found = []
    for i in range(0, u.size, size):
        r = np.exp(u[i : i + size])
        rows = z.rows(r)

        def argument(t: Any, k: Any, r: Any = r, rows: Any = rows) -> Any:
            shape, k = t.shape, k.astype(int).reshape(-1)
            theta = np.exp(t.reshape(-1))
            part = tuple(a[k] for a in rows)
            return (z.at(r[k] * np.exp(1j * theta), part)[0].imag / theta).reshape(shape)

        k = np.arange(r.size, dtype=float)
        low, high = np.full(r.size, math.log(TINY)), np.full(r.size, math.log(math.pi * (1 - 1e-9)))
        root = find_root(
            argument,
            (low, high),
            args=(k,),
            tolerances={"xatol": 1e-15, "xrtol": 1e-13, "fatol": 0, "frtol": 0},
        )
        found.append(np.where(np.isfinite(root.x), np.exp(root.x), 0.0))
    return np.concatenate(found)


def height_at(z: Map, band: Band, log_x: Any, rounds: int = 12) -> Any:
    """`-Im M / pi` at points inside a band, by Newton's method from the curve."""
    guesses = (np.interp(log_x, band.log_x, a) for a in (band.log_r, band.theta, band.height))
    u, theta, height = guesses
    log_w, rows = u + 1j * theta, z.rows(np.exp(u))
    for _ in range(rounds):
        value, slope, _ = z.at(np.exp(log_w), rows)
        step = (value - log_x) / slope
        longest = 0.5 * abs(log_w.imag) + 1e-12  # never out of the upper half-plane
        log_w = log_w - step * np.minimum(1.0, longest / np.maximum(abs(step), 1e-300))
    value, _, m = z.at(np.exp(log_w), rows)
    good = (abs(value - log_x) < 1e-9 * (1 + abs(log_x))) & (m.imag <= 0)
    return np.where(good, -m.imag / math.pi, height)
