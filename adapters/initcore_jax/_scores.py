"""Scores of weights before training: SNIP, GraSP and SynFlow of a function of parameters.

Scores, masks and densities are pytrees like the parameters, with None at leaves without a score.
"""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from initcore import density as core
from initcore.arguments import as_shape, one_line, short_repr

__all__ = ["densities_from_scores", "grasp", "masks_from_scores", "snip", "synflow"]

Where = Callable[[str, Any], bool]


def snip(loss: Callable[..., Any], params: Any, *batch: Any, where: Where | None = None) -> Any:
    """`|w * g|` for each weight `w`, where `g` is its gradient of the loss.

    This is how much the loss changes, to first order, when `w` is removed (Lee, Ajanthan and Torr
    2019).

    Args:
        loss: Function `loss(params, *batch)` whose value is a scalar.
        params: Any pytree; leaves that are not arrays, such as functions, reach `loss` unchanged.
        batch: Further arguments of `loss`.
        where: Which leaves get scores, a function of path (`jax.tree_util.keystr`) and value; all
            floating arrays of two or more axes by default.

    Raises:
        ValueError: No leaf gets scores, or `loss` raises or is not a scalar.
    """
    w, join, like = _split("snip", params, where)
    g = jax.grad(_checked("snip", lambda w: loss(join(w), *batch)))(w)
    return like([jnp.abs(a * d) for a, d in zip(w, g, strict=True)])


def grasp(loss: Callable[..., Any], params: Any, *batch: Any, where: Where | None = None) -> Any:
    """`w * (H g)` for each weight `w`, where `g` and `H` are gradient and Hessian of the loss.

    This is half of what the squared gradient loses, to first order, when `w` is removed. Wang,
    Zhang and Grosse (2020) remove the weights with the largest scores; the sign here is opposite,
    so that the largest are kept, as of all scores. Removing a weight of negative score increases
    the gradient.

    Arguments and errors are those of `snip`.
    """
    w, join, like = _split("grasp", params, where)
    gradient = jax.grad(_checked("grasp", lambda w: loss(join(w), *batch)))
    hg = jax.jvp(gradient, (w,), (gradient(w),))[1]
    return like([a * d for a, d in zip(w, hg, strict=True)])


def synflow(
    apply: Callable[[Any, Any], Any],
    params: Any,
    shape: Iterable[int],
    density: float,
    *,
    rounds: int = 100,
    where: Where | None = None,
) -> Any:
    """`w * dR/dw` for each weight `w`, where `R = sum(apply(|params|, 1) - apply(|params|, 0))`.

    No data is needed, and no layer loses all its weights: in a chain of ReLU layers the scores of
    each layer add up to `R`. Weights are pruned in `rounds` steps down to `density`, and scored
    again after each step; pruned ones have score 0 (Tanaka et al. 2020, whose `R` does not subtract
    `apply(|params|, 0)`: the biases then contribute, the sums differ, and layers before a bias can
    lose all their weights).

    Scores are NumPy arrays in float64, in which the sum of all paths overflows later. `synflow`
    does not run under `jit`.

    Args:
        apply: Function `apply(params, x)`: the network in evaluation mode.
        params: As of `snip`; all floating leaves are replaced by their absolute values.
        shape: Shape of the input with the batch axis, such as `(1, 32, 32, 3)`.
        density: Fraction of weights that are kept, in `(0, 1]`.
        rounds: Number of steps; the last one is `masks_from_scores(scores, density)`.
        where: As of `snip`.

    Raises:
        OverflowError: The sum of all paths is too large even for float64.
        ValueError: As of `snip`.
    """
    with _float64():
        absolute = jax.tree.map(
            lambda a: jnp.abs(jnp.asarray(a, jnp.float64)) if _is_float(a) else a, params
        )
        w, join, like = _split("synflow", absolute, where)
        ones = jnp.ones(as_shape(shape, who="synflow"), jnp.float64)

        @jax.jit
        def paths(w: list[Any]) -> Any:
            def total(w: list[Any]) -> Any:
                return (apply(join(w), ones) - apply(join(w), 0 * ones)).sum()

            return jax.value_and_grad(_checked("synflow", total))(w)

        def score(masks: list[Any]) -> list[Any]:
            masked = [a * m for a, m in zip(w, masks, strict=True)]
            total, g = paths(masked)
            if not np.isfinite(total):
                raise OverflowError(
                    "synflow needs a network whose paths add up to a float64, got no finite sum."
                )
            return [np.asarray(a * d) for a, d in zip(masked, g, strict=True)]

        return like(
            core.prune_in_rounds(score, [np.ones(a.shape, bool) for a in w], density, rounds)
        )


def masks_from_scores(scores: Any, density: float, *, least: Any = 0) -> Any:
    """Booleans, true at the `round(density * total)` largest of all scores.

    Arguments and errors are those of `initcore.density.masks_from_scores`; `least` is an integer or
    a pytree of integers.

    >>> import jax.numpy as jnp
    >>> scores = {"w": jnp.array([[4.0, 1.0], [3.0, 0.0]]), "b": None, "v": jnp.array([[2.0, 5.0]])}
    >>> found = masks_from_scores(scores, 0.5)
    >>> found["v"].tolist(), found["w"].tolist(), found["b"]
    ([[False, True]], [[True, False], [True, False]], None)
    """
    leaves, tree = jax.tree.flatten(scores)
    found = core.masks_from_scores(leaves, density, least=_each(least))
    return jax.tree.unflatten(tree, [jnp.asarray(m) for m in found])


def densities_from_scores(scores: Any, density: float, *, least: Any = 0) -> Any:
    """Fraction of each layer's scores that are among the `round(density * total)` largest of all.

    Arguments and errors are those of `masks_from_scores`.

    >>> import jax.numpy as jnp
    >>> scores = {"w": jnp.array([[4.0, 1.0], [3.0, 0.0]]), "b": None, "v": jnp.array([[2.0, 5.0]])}
    >>> densities_from_scores(scores, 0.5)
    {'b': None, 'v': 0.5, 'w': 0.5}
    """
    leaves, tree = jax.tree.flatten(scores)
    return jax.tree.unflatten(tree, core.from_scores(leaves, density, least=_each(least)))


def _checked(who: str, value: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    """The same function of the weights, with errors in one line that name `who`."""

    def checked(w: list[Any]) -> Any:
        try:
            found = value(w)
            if getattr(found, "shape", None) == ():
                return found
        except Exception as error:
            raise ValueError(f"{who} could not call the function: {one_line(error)}") from error
        raise ValueError(
            f"{who} needs a function whose value is one number, got {short_repr(found)}."
        )

    return checked


def _each(least: Any) -> Any:
    return least if isinstance(least, int) else jax.tree.leaves(least)


def _split(
    who: str, params: Any, where: Where | None
) -> tuple[list[Any], Callable[[list[Any]], Any], Callable[[list[Any]], Any]]:
    """The leaves with scores, and two functions that make a pytree of others like them.

    The first function fills in the remaining leaves of `params`, the second None.
    """
    found, tree = jax.tree_util.tree_flatten_with_path(params)
    leaves = [leaf for _, leaf in found]
    at = [
        i
        for i, (path, leaf) in enumerate(found)
        if _is_float(leaf)
        and (leaf.ndim > 1 if where is None else where(jax.tree_util.keystr(path), leaf))
    ]
    if not at:
        raise ValueError(f"{who} needs a floating array of two or more axes to score, got none.")

    def join(w: list[Any], rest: list[Any] = leaves) -> Any:
        new = list(rest)
        for i, leaf in zip(at, w, strict=True):
            new[i] = leaf
        return jax.tree.unflatten(tree, new)

    return [leaves[i] for i in at], join, lambda w: join(w, [None] * len(leaves))


def _is_float(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)


def _float64() -> Any:
    try:
        return jax.enable_x64(True)
    except AttributeError:  # before JAX 0.8
        return getattr(jax.experimental, "enable_x64")(True)  # noqa: B009
