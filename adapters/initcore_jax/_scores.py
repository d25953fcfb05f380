"""What each weight is worth before training: SNIP, GraSP and SynFlow of a function of parameters.

Scores, masks and densities are pytrees like the parameters, with None where nothing is scored.
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
    """`|w * g|` by parameter, `g` the gradient of the loss: what the loss changes without `w`.

    To first order, and as the absolute value (Lee, Ajanthan and Torr 2019).

    Args:
        loss: `loss(params, *batch)`, a scalar.
        params: Any pytree; functions and other leaves that are no arrays are passed on.
        batch: What else the loss takes.
        where: Which leaves are scored, by path (`jax.tree_util.keystr`) and value; all arrays of
            two or more axes by default.

    Raises:
        ValueError: There is no leaf to score.
    """
    w, join, like = _split("snip", params, where)
    g = jax.grad(_checked("snip", lambda w: loss(join(w), *batch)))(w)
    return like([jnp.abs(a * d) for a, d in zip(w, g, strict=True)])


def grasp(loss: Callable[..., Any], params: Any, *batch: Any, where: Where | None = None) -> Any:
    """`w * (H g)` by parameter: half of what the squared gradient loses without `w`.

    To first order in `w`; `g` and `H` are of the loss in the scored weights. This is minus the
    score of Wang, Zhang and Grosse (2020), who remove what has the largest: so here too the
    largest are kept, and a negative one stands for a weight whose removal lets more gradient flow.
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
    """`w * dR/dw` by parameter, `R` the sum of what ones change in the outputs of zeros.

    With absolute values for all parameters. Needs no data, and leaves no layer empty: in a chain of
    ReLU layers the scores of each layer add up to `R`, and after each of `rounds` prunings, down to
    `density`, they are taken anew (Tanaka et al. 2020, whose `R` has what starts at the biases in
    it too; then the sums differ, and the layers in front of a bias may die). What was pruned on the
    way has score 0. All is computed in float64, where the sum of all paths does not overflow as
    soon, and the scores are NumPy's, so not under `jit`.

    Args:
        apply: `apply(params, x)`, the network as it is when it is not trained.
        params: As of `snip`; the absolute values of all its floating leaves are taken.
        shape: Of the input, the batch axis included, such as `(1, 32, 32, 3)`.
        density: Fraction of weights to be kept in the end, in `(0, 1]`.
        rounds: Prunings, the last one of which is `masks_from_scores(scores, density)`.
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

    Arguments and errors are those of `initcore.density.masks_from_scores`; `least` is a number or
    a pytree of them.

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
    """Densities of the layers in which the `round(density * total)` largest scores lie.

    Arguments and errors are those of `masks_from_scores`.

    >>> import jax.numpy as jnp
    >>> scores = {"w": jnp.array([[4.0, 1.0], [3.0, 0.0]]), "b": None, "v": jnp.array([[2.0, 5.0]])}
    >>> densities_from_scores(scores, 0.5)
    {'b': None, 'v': 0.5, 'w': 0.5}
    """
    leaves, tree = jax.tree.flatten(scores)
    return jax.tree.unflatten(tree, core.from_scores(leaves, density, least=_each(least)))


def _checked(who: str, value: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    """The same function of the weights, whose errors are told in one line."""

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
    """The leaves to be scored, what puts others in their places, and what puts None elsewhere."""
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
