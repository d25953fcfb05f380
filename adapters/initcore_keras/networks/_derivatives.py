"""Derivatives on the running backend: Keras itself has none."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from initcore.networks import Linearized

__all__ = ["array", "gradients", "linearized"]

Function = Callable[[Any], Any]


def array(x: Any) -> Any:
    """A tensor as float64 NumPy."""
    if hasattr(x, "detach"):
        x = x.detach()
    return np.asarray(keras.ops.convert_to_numpy(x), dtype=np.float64)


def gradients(run: Callable[..., Any], seeded: Any, variables: list[Any]) -> tuple[Any, Any]:
    """Values named on the way, and the gradients by them of `sum(seeded(y) * y)`.

    Args:
        run: `run(name, values)` computes the output `y` and calls `name(key, value)` for each
            value, going on with what it returns. The variables have the `values`, if there are any.
        seeded: From the output's shape to the coefficients.
        variables: What the output is made of, beside the inputs.

    Returns:
        The values and the gradients by key; no gradients on a backend without them.
    """
    backend = keras.backend.backend()
    values: dict[Any, Any] = {}

    def name(path: Any, value: Any) -> Any:
        values.setdefault(path, value)
        return value

    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:

            def watched(path: Any, value: Any) -> Any:
                if path not in values:
                    values[path] = value = tf.identity(value)
                    tape.watch(value)
                return value

            y = run(watched)
            total = tf.reduce_sum(y * tf.cast(seeded(y.shape), y.dtype))
        found = tape.gradient(total, values)
        return values, {path: g for path, g in found.items() if g is not None}
    if backend == "torch":
        import torch

        def graphed(path: Any, value: Any) -> Any:
            if path not in values and not value.requires_grad:
                value.requires_grad_()
            return name(path, value)

        with torch.enable_grad():
            y = run(graphed)
            weights = torch.as_tensor(np.asarray(seeded(y.shape))).to(y)
            if not (values and y.requires_grad):
                return values, {}
            grads = torch.autograd.grad(y, list(values.values()), weights, allow_unused=True)
        return values, {p: g for p, g in zip(values, grads, strict=True) if g is not None}
    if backend == "jax":
        import jax
        import jax.numpy as jnp

        def total(added: Any, given: Any) -> Any:
            seen: dict[Any, Any] = {}

            def shifted(path: Any, value: Any) -> Any:
                if path in seen:
                    return value
                seen[path] = value + added[path] if path in added else value
                return seen[path]

            y = run(shifted, given)
            return (y * jnp.asarray(seeded(y.shape), y.dtype)).sum(), seen

        given = [v.value for v in variables]
        shapes = jax.eval_shape(lambda given: total({}, given)[1], given)
        zeros = {path: jnp.zeros(s.shape, s.dtype) for path, s in shapes.items()}
        # One by one: compiling the steps of long recurrences takes minutes.
        found, values = jax.grad(total, has_aux=True)(zeros, given)
        return values, found
    run(name)
    return values, {}


def linearized(function: Function, x: Any, who: str) -> Linearized | None:
    """The Jacobian of `function` at `x`; None where PyTorch sees that nothing depends on `x`.

    Raises:
        NotImplementedError: The backend has no derivatives.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _by_tensorflow(function, x)
    if backend == "torch":
        return _by_torch(function, x)
    if backend == "jax":
        return _by_jax(function, x)
    raise NotImplementedError(
        f"{who} needs derivatives, and Keras's backend {backend} has none; use "
        "tensorflow, jax or torch."
    )


def _by_tensorflow(function: Function, x: Any) -> Linearized:
    import tensorflow as tf

    with tf.GradientTape(persistent=True) as outer:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            y = function(x)
        cotangent = tf.zeros_like(y)
        outer.watch(cotangent)
        pulled = tape.gradient(y, x, cotangent, unconnected_gradients="zero")

    def backward(u: Any) -> Any:
        return np.stack([
            array(tape.gradient(y, x, tf.cast(row, y.dtype), unconnected_gradients="zero"))
            for row in u
        ])  # fmt: skip

    def forward(v: Any) -> Any:
        # The pulled-back cotangent is linear in it; its own pull-back is the push forward.
        return np.stack([
            array(outer.gradient(pulled, cotangent, tf.cast(row, x.dtype),
                                 unconnected_gradients="zero"))
            for row in v
        ])  # fmt: skip

    return Linearized((tuple(x.shape), tuple(y.shape)), forward, backward)


def _by_torch(function: Function, x: Any) -> Linearized | None:
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        x = x.detach().clone().requires_grad_()
        y = function(x)
        cotangent = torch.zeros_like(y, requires_grad=True)
        (pulled,) = torch.autograd.grad(y, x, cotangent, create_graph=True, allow_unused=True)
    if pulled is None:
        return None

    def rows(out: Any, by: Any, given: Any) -> Any:
        return np.stack([
            array(torch.autograd.grad(out, by, torch.as_tensor(row).to(out), retain_graph=True)[0])
            for row in given
        ])  # fmt: skip

    return Linearized(
        (tuple(x.shape), tuple(y.shape)),
        lambda v: rows(pulled, cotangent, v),
        lambda u: rows(y, x, u),
    )


def _by_jax(function: Function, x: Any) -> Linearized:
    import jax
    import jax.numpy as jnp

    y, pull = jax.vjp(function, x)
    push = jax.jit(jax.vmap(lambda v: jax.jvp(function, (x,), (v,))[1]))
    pulls = jax.jit(jax.vmap(lambda u: pull(u)[0]))
    return Linearized(
        (x.shape, y.shape),
        lambda v: array(push(jnp.asarray(v, x.dtype))),
        lambda u: array(pulls(jnp.asarray(u, y.dtype))),
    )
