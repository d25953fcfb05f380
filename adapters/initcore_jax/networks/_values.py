"""What a variable of a jaxpr is: a value, a weight, made of weights, or a constant."""

import math
from dataclasses import dataclass, replace
from typing import Any

from initcore.spec import Layout

__all__ = ["Constant", "Derived", "Value", "View", "joined", "layout_of", "moved"]


@dataclass(frozen=True)
class Value:
    """A value of the network: the index of its node."""

    node: int


@dataclass(frozen=True)
class Constant:
    """No weight and made of none.

    `number` is known of a scalar, or of an array with one number everywhere; `root` says that it is
    one over a deviation, or a deviation, of running statistics.
    """

    number: Any = None
    root: bool = False


@dataclass(frozen=True)
class View:
    """A weight, or several joined along one axis, seen through moves of its elements.

    `axes` has for each axis of the view the axes of the weight it comes from; `scales` says that
    it was multiplied with running statistics, as the scale of a normalization is.
    """

    paths: tuple[str, ...]
    axes: tuple[frozenset[int], ...]
    scales: bool = False


@dataclass(frozen=True)
class Derived:
    """A function of weights that is more than a move; `how` names it."""

    paths: tuple[str, ...]
    how: str


def moved(view: View, name: str, params: Any, sizes: Any, new_sizes: Any) -> View | None:
    """The view after one move from `sizes` to `new_sizes`, None if its axes are lost track of."""
    axes = view.axes
    if name == "transpose":
        axes = tuple(axes[i] for i in params["permutation"])
    elif name == "reshape":
        axes = _reshaped(axes, sizes, new_sizes)
    elif name == "squeeze":
        gone = {d % len(axes) for d in params["dimensions"]}
        axes = tuple(a for i, a in enumerate(axes) if i not in gone)
    elif name == "broadcast_in_dim":
        spread = [frozenset[int]()] * len(new_sizes)
        for a, place in zip(axes, params["broadcast_dimensions"], strict=True):
            spread[int(place)] = a
        axes = tuple(spread)
    elif len(sizes) != len(new_sizes):
        return None
    return replace(view, axes=axes)


def _reshaped(axes: Any, sizes: Any, new_sizes: Any) -> tuple[frozenset[int], ...]:
    """Axes of equal products belong together: each new one comes from all old ones of its run."""
    made: list[frozenset[int]] = []
    i = 0
    for j in _runs(sizes, new_sizes):
        (start, stop), (_, new_stop) = j
        union = frozenset[int]().union(*axes[start:stop])
        made += [union] * (new_stop - len(made))
        i = stop
    union = frozenset[int]().union(*axes[i:]) if i < len(axes) else frozenset[int]()
    return (*made, *([union] * (len(new_sizes) - len(made))))


def _runs(old: Any, new: Any) -> Any:
    """The shortest runs of axes of equal products, those of size 1 with what follows them."""
    i = j = 0
    while i < len(old) and j < len(new):
        start = (i, j)
        a, b = old[i], new[j]
        i, j = i + 1, j + 1
        while a != b:
            if a < b and i < len(old):
                a, i = a * old[i], i + 1
            elif j < len(new):
                b, j = b * new[j], j + 1
            else:
                break
        yield (start[0], i), (start[1], j)


def joined(views: list[View]) -> View | None:
    """Several views side by side, where each axis means the same in all of them."""
    if any(v.axes != views[0].axes for v in views):
        return None
    paths = dict.fromkeys(p for v in views for p in v.paths)
    return replace(views[0], paths=tuple(paths))


def layout_of(view: View, shape: tuple[int, ...], inputs: Any, batch: Any) -> Layout | None:
    """The layout of the weight of `shape` whose view is summed over its axes `inputs`.

    Axes of the weight that the view lost are those of size 1, and those at which one of several
    kernels was picked.
    """
    sets = view.axes
    into = frozenset[int]().union(*(sets[i] for i in inputs))
    many = frozenset[int]().union(*(sets[i] for i in batch))
    rest = [sets[i] for i in range(len(sets)) if i not in (*inputs, *batch)]
    out = frozenset[int]().union(*rest)
    if into & many or into & out or many & out:
        return None
    lost = set(range(len(shape))) - into - many - out
    many |= {a for a in lost if shape[a] > 1}
    out |= {a for a in lost if shape[a] == 1}
    return Layout(tuple(sorted(out)), tuple(sorted(into)), tuple(sorted(many)))


def is_flat(shape: tuple[int, ...]) -> bool:
    """Whether at most one axis is longer than 1."""
    return math.prod(shape) == max((*shape, 1))
