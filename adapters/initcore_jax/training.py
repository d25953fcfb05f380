"""A training loop of optax, watched inside of the compiled step: `watch`, `look` and `check`.

`initialize` comes before the optimizer's state is made; under `jit` with shardings, too.

>>> import jax, optax
>>> from jax import numpy as jnp
>>> params = {"a": {"kernel": jnp.eye(3)}, "b": {"kernel": 2 * jnp.eye(3)}}
>>> optimizer = optax.chain(watch(every=10), optax.sgd(0.1))
>>> state = optimizer.init(params)
>>> gradients = jax.tree.map(jnp.ones_like, params)
>>> updates, state = jax.jit(optimizer.update)(gradients, state, params)
>>> look(state).singular_value["b/kernel"]
2.0
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import optax
from jax import numpy as jnp

from initcore import Rng
from initcore.arguments import short_repr
from initcore.diagnostics import SignalReport
from initcore.training import (
    Look,
    NotFiniteError,
    dead_units,
    largest_singular_value,
    mean_square,
    typical_singular_value,
)

from .networks._functional import path_of

__all__ = ["WatchState", "check", "look", "watch"]

STEPS = 4  # products of each power iteration
TABLES = ("embedding", "embeddings")  # whose rows are no units


class WatchState(NamedTuple):
    """What `watch` keeps in the optimizer's state, by the paths of the weights.

    Attributes:
        step: Number of updates.
        seen: Number of the step that was looked at last.
        broken: Number of the first step whose gradients were not finite; -1 without one.
        gradient: Mean square of a weight's gradient.
        dead: Share of a kernel's units none of whose weights has a gradient.
        largest, typical: Largest singular value of a kernel's matrix, and root mean square of all.
        directions: From which the next power iteration goes on.
    """

    step: Any
    seen: Any
    broken: Any
    gradient: dict[str, Any]
    dead: dict[str, Any]
    largest: dict[str, Any]
    typical: dict[str, Any]
    directions: dict[str, Any]


def watch(every: int = 100) -> optax.GradientTransformation:
    """A part of `optax.chain` that passes gradients on and looks at every `every`-th step.

    Put it first, so that it sees the gradients themselves. Once a gradient is not finite all
    updates are 0: the weights stay what they were in that step, for `check` to find the layer.

    Args:
        every: Steps from one look to the next.

    Raises:
        ValueError: `every` is no number of steps.
    """
    if type(every) is not int or every < 1:
        raise ValueError(
            f"watch needs every to be an integer >= 1, a number of steps, got {short_repr(every)}."
        )

    def init(params: Any) -> WatchState:
        weights = _by_path(params)
        kernels = {path: _matrix(path, w) for path, w in weights.items() if w.ndim > 1}
        zeros = {path: jnp.zeros(()) for path in weights}
        count = jnp.zeros((), jnp.int32)
        return WatchState(
            count, count - 1, count - 1, zeros,
            {path: jnp.zeros(()) for path in kernels if not _is_table(path)},
            {path: jnp.zeros(()) for path in kernels}, {path: jnp.zeros(()) for path in kernels},
            {path: Rng(0, xp=jnp).fold_in(path).normal((w.shape[1],))
             for path, w in kernels.items()},
        )  # fmt: skip

    def update(updates: Any, state: WatchState, params: Any = None) -> tuple[Any, WatchState]:
        gradients, weights = _by_path(updates), {} if params is None else _by_path(params)
        found = jax.lax.cond(
            state.step % every == 0,
            lambda: _seen(gradients, weights, state),
            lambda: state,
        )
        finite = jnp.stack([jnp.isfinite(g.sum()) for g in gradients.values()]).all()
        broken = jnp.where((found.broken < 0) & ~finite, state.step, found.broken)
        passed = jax.tree.map(lambda g: jnp.where(broken < 0, g, jnp.zeros_like(g)), updates)
        return passed, found._replace(step=state.step + 1, broken=broken)

    return optax.GradientTransformation(init, update)


def look(state: Any) -> Look | None:
    """What was seen in the last step that was looked at; None before the first one.

    Here `gradient` is that of the weights themselves, and signals are left to `signal_report`.

    Args:
        state: The state of an optimizer with a `watch` in it.

    Raises:
        ValueError: There is none in it.
    """
    found = _state_in(state)
    step = int(_plain(found.seen))
    if step < 0:
        return None
    values = jax.device_get(jax.tree.map(_plain, found[3:7], is_leaf=_is_box))
    gradient, dead, largest, typical = (
        {path: float(v) for path, v in kind.items()} for kind in values
    )
    known = {path: v for path, v in largest.items() if typical[path] > 0}
    return Look(step, gradient=gradient, dead=dead, singular_value=known,
                spread={path: v / typical[path] for path, v in known.items()})  # fmt: skip


def check(state: Any, report: Callable[[], SignalReport] | None = None) -> None:
    """Stop if a gradient was not finite in any step so far.

    Args:
        state: As of `look`. It waits for the step: call it where you log.
        report: Function without arguments that looks at the model on the last batch, such as
            `lambda: signal_report(model, batch)`; it finds the layer.

    Raises:
        NotFiniteError: It was; the error names the first layer whose output is not finite.
    """
    step = int(_plain(_state_in(state).broken))
    if step < 0:
        return
    signals = {} if report is None else {path: x.signal for path, x in report().items()}
    broken = Look(step, signal=signals).not_finite
    raise NotFiniteError(step, "layer", broken[0]) if broken else NotFiniteError(step, "update")


def _seen(gradients: Any, weights: Any, state: WatchState) -> WatchState:
    dead = {path: dead_units(_matrix(path, gradients[path])) for path in state.dead}
    largest, typical, directions = dict(state.largest), dict(state.typical), dict(state.directions)
    for path, w in weights.items():
        if path in largest:
            matrix = _matrix(path, w)
            largest[path], directions[path] = largest_singular_value(
                matrix, state.directions[path], STEPS
            )
            typical[path] = typical_singular_value(matrix)
    squares = {path: mean_square(g.astype(jnp.float32)) for path, g in gradients.items()}
    return state._replace(seen=state.step, gradient=squares, dead=dead, largest=largest,
                          typical=typical, directions=directions)  # fmt: skip


def _by_path(tree: Any) -> dict[str, Any]:
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    named = {path_of(keys) if keys else "weight": x for keys, x in leaves}
    if type(tree).__module__.startswith("flax.nnx"):  # of attributes, which nnx keeps in a dict
        return {path.replace("/", "."): x for path, x in named.items()}
    return named


def _is_table(path: str) -> bool:
    return path.replace("/", ".").rpartition(".")[2] in TABLES


def _matrix(path: str, w: Any) -> Any:
    """`(out, in)`, in float32: outputs are Equinox's first axis and the last one elsewhere."""
    w = w.astype(jnp.float32)
    if path.replace("/", ".").rpartition(".")[2] == "weight":
        return w.reshape(w.shape[0], -1)
    return w.reshape(-1, w.shape[-1]).T


def _is_box(x: Any) -> bool:
    return hasattr(x, "get_value")


def _plain(x: Any) -> Any:
    """An array out of the box that Flax puts it into."""
    return x.get_value() if _is_box(x) else x


def _state_in(state: Any) -> WatchState:
    leaves = jax.tree.leaves(state, is_leaf=lambda x: isinstance(x, WatchState))
    for found in leaves:
        if isinstance(found, WatchState):
            return found
    raise ValueError(
        "there is no watch in this optimizer's state; make it one of optax.chain(watch(), ...)."
    )
