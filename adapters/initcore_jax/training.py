"""A training loop of optax, watched inside of the compiled step: `watch`, `look` and `check`.

`initialize` comes before the optimizer's state is made; under `jit` with shardings, too.

>>> import jax, optax
>>> from jax import numpy as jnp
>>> params = {"a": {"kernel": jnp.eye(3)}, "b": {"kernel": 2 * jnp.eye(3)}}
>>> optimizer = optax.chain(watch(), optax.sgd(0.1))
>>> state = optimizer.init(params)
>>> gradients = jax.tree.map(jnp.ones_like, params)
>>> updates, state = jax.jit(optimizer.update)(gradients, state, params)
>>> look(state).gradient["b/kernel"], round(look(state, params).singular_value["b/kernel"], 5)
(1.0, 2.0)
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import optax
from jax import numpy as jnp

from initcore import Rng
from initcore.diagnostics import SignalReport
from initcore.training import (
    Look,
    NotFiniteError,
    largest_singular_value,
    mean_square,
    typical_singular_value,
)

from .networks._functional import path_of

__all__ = ["WatchState", "check", "look", "watch"]

STEPS = 16  # products of a power iteration: within some 2 % for a Gaussian matrix


class WatchState(NamedTuple):
    """What `watch` keeps in the optimizer's state, by the paths of the weights.

    Attributes:
        step: Number of updates.
        broken: Number of the first step whose gradients were not finite; -1 without one.
        gradient: Mean square of a weight's last gradient.
    """

    step: Any
    broken: Any
    gradient: dict[str, Any]


def watch() -> optax.GradientTransformation:
    """A part of `optax.chain` that passes gradients on and keeps what `look` and `check` tell.

    Put it first, so that it sees the gradients themselves. Once a gradient is not finite all
    updates are 0: the weights stay what they were in that step, for `check` to find the layer.
    """

    def init(params: Any) -> WatchState:
        zeros = {path: jnp.zeros(()) for path in _by_path(params)}
        return WatchState(jnp.zeros((), jnp.int32), jnp.full((), -1, jnp.int32), zeros)

    def update(updates: Any, state: WatchState, params: Any = None) -> tuple[Any, WatchState]:
        gradient = {path: mean_square(g.astype(jnp.float32))
                    for path, g in _by_path(updates).items() if g.size}  # fmt: skip
        finite = jnp.isfinite(jnp.stack(list(gradient.values()))).all()
        broken = jnp.where((state.broken < 0) & ~finite, state.step, state.broken)
        passed = jax.tree.map(lambda g: jnp.where(broken < 0, g, jnp.zeros_like(g)), updates)
        return passed, WatchState(state.step + 1, broken, {**state.gradient, **gradient})

    return optax.GradientTransformation(init, update)


def look(state: Any, params: Any = None, signals: SignalReport | None = None) -> Look | None:
    """What was seen in the last step; None before the first one.

    Here `gradient` is that of the weights themselves.

    Args:
        state: The state of an optimizer with a `watch` in it. It waits for the step: call it
            where you log.
        params: The weights, whose singular values are told then, too.
        signals: A `signal_report` of the model, which adds its signals and dead units.

    Raises:
        ValueError: There is no `watch` in the state.
    """
    found = _state_in(state)
    step = int(_plain(found.step)) - 1
    if step < 0:
        return None
    kinds: Any = (found.gradient, {}, {})
    if params is not None:
        kinds = (found.gradient, *_singular_values(_by_path(params)))
    values = jax.device_get(jax.tree.map(_plain, kinds, is_leaf=_is_box))
    gradient, largest, typical = ({path: float(v) for path, v in kind.items()} for kind in values)
    known = {path: v for path, v in largest.items() if typical[path] > 0}
    seen = {} if signals is None else signals
    return Look(
        step, gradient=gradient, singular_value=known,
        spread={path: v / typical[path] for path, v in known.items()},
        signal={path: one.signal for path, one in seen.items()},
        dead={path: one.dead for path, one in seen.items() if one.dead is not None},
    )  # fmt: skip


def check(state: Any, report: Callable[[], SignalReport] | None = None) -> None:
    """Stop if a gradient was not finite in any step so far.

    Args:
        state: As of `look`.
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


@jax.jit
def _singular_values(weights: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The largest and the typical one of each kernel."""
    matrices = {path: _matrix(path, w) for path, w in weights.items() if w.ndim > 1}
    starts = {path: Rng(0, xp=jnp).fold_in(path).normal((w.shape[1],))
              for path, w in matrices.items()}  # fmt: skip
    return (
        {path: largest_singular_value(w, starts[path], STEPS)[0] for path, w in matrices.items()},
        {path: typical_singular_value(w) for path, w in matrices.items()},
    )


def _by_path(tree: Any) -> dict[str, Any]:
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    named = {path_of(keys) if keys else "weight": x for keys, x in leaves}
    if type(tree).__module__.startswith("flax.nnx"):  # of attributes, which nnx keeps in a dict
        return {path.replace("/", "."): x for path, x in named.items()}
    return named


def _matrix(path: str, w: Any) -> Any:
    """Of outputs and inputs, in float32: Equinox's outputs are the first axis, others' the last.

    Not transposed to `(out, in)`, which has the same singular values and makes XLA slow on CPUs.
    """
    w = w.astype(jnp.float32)
    if path.replace("/", ".").rpartition(".")[2] == "weight":
        return w.reshape(w.shape[0], -1)
    return w.reshape(-1, w.shape[-1])


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
