"""Drawing on each backend of Keras: in NumPy where that is possible, else on the backend."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from initcore import Part, Rng, specs
from initcore.spec import Layout, made_in_order, made_part

__all__ = ["draw", "on_backend", "words"]


def draw(
    core: str,
    key: tuple[Any, Any],
    shape: tuple[int, ...],
    canonical: tuple[int, ...],
    dtype: str,
    values: dict[str, Any],
    layout: Layout | None,
    part: tuple[Part, tuple[int, ...]] | None = None,
) -> Any:
    """A tensor of the running backend, of `shape` in Keras's order, or a part of such a kernel.

    Args:
        core: The core's name of the initializer.
        key: Two words; JAX arrays if they are traced.
        shape, canonical: The sizes in Keras's order and in the core's.
        dtype: Name of the dtype.
        values: Checked parameters, by the core's names.
        layout: The layout that leads from one order to the other; None if they are the same.
        part: Which part, and its sizes.
    """

    def drawn(rng: Rng) -> Any:
        if part is not None:
            w = made_part(specs[core], rng, *part, canonical, values, layout)
            return np.ascontiguousarray(w) if rng.xp is np else w
        if rng.xp is np:
            w = made_in_order(specs[core], rng, shape, canonical, values, layout)
            return jax_array(w) if keras.backend.backend() == "jax" else w
        w = specs[core].draw(rng, canonical, values, None)
        return w if layout is None else layout.from_canonical(w, shape, xp=rng.xp)

    sizes = shape if part is None else part[1]
    return on_backend(drawn, key, sizes, dtype, products=not specs[core].exact_across_namespaces)


def jax_array(w: Any) -> Any:
    """An array of NumPy that nobody else holds as JAX's, without a copy."""
    import jax

    return jax.device_put(w)


def on_backend(
    drawn: Callable[[Rng], Any],
    key: tuple[Any, Any],
    shape: tuple[int, ...],
    dtype: str,
    *,
    products: bool = True,
) -> Any:
    """What a function draws with the two words of a key, as a tensor of the running backend.

    Args:
        drawn: Makes an array of `shape` and of the generator's namespace.
        key: Two words; JAX arrays if they are traced.
        shape, dtype: Of the tensor.
        products: Whether it takes products of matrices, for which PyTorch is faster.
    """
    xp, device = _place(products)
    if getattr(device, "type", "") == "meta":  # PyTorch's tensors without values
        return keras.ops.zeros(shape, dtype=dtype)
    if products and keras.backend.backend() == "jax" and xp is not np:
        key = _traced(key, xp)
    rng = Rng.from_key(key, xp=xp, dtype=dtype, device=device)
    w = drawn(rng)
    if keras.backend.backend() == "torch":
        w = np.asarray(w, order="C") if xp is np else w.contiguous()
    return keras.ops.convert_to_tensor(w, dtype=dtype)


def _traced(key: tuple[Any, Any], xp: Any) -> tuple[Any, Any]:
    """The key as arrays where JAX compiles: the program is then one loop, whatever the size."""
    import jax

    words = tuple(xp.asarray(word, dtype=xp.uint32) for word in key)
    return (words[0], words[1]) if isinstance(words[0], jax.core.Tracer) else key


def _place(products: bool) -> tuple[Any, Any]:
    """Namespace and device to draw on: the backend's in traces, on accelerators, and for products
    of PyTorch; else NumPy.
    """
    backend = keras.backend.backend()
    if backend == "jax":
        import jax
        import jax.numpy as jnp

        # Inside a trace even a constant is traced.
        if isinstance(jnp.zeros(()), jax.core.Tracer) or jax.default_backend() != "cpu":
            return jnp, None
    elif backend == "torch":
        import torch

        device = keras.ops.zeros(()).device
        # A compiled program could not call NumPy; a rounded product would not be orthogonal.
        if torch.compiler.is_compiling() or device.type == "meta":
            return torch, device
        if (products or device.type != "cpu") and not _rounds_products(device.type):
            return torch, device
    return np, None


def _rounds_products(device: str) -> bool:
    """Whether PyTorch now rounds the factors of float32 products (autocast, TF32, bfloat16)."""
    import torch

    if torch.is_autocast_enabled(device):
        return True
    library = torch.backends.mkldnn if device == "cpu" else torch.backends.cuda
    products = getattr(library, "matmul", None)  # PyTorch 2.9 has it on CPUs
    switch = getattr(products, "fp32_precision", None)
    exact = ("none", "ieee", "highest")
    return (torch.get_float32_matmul_precision() if switch is None else switch) not in exact


def words(state: Any, who: str) -> tuple[Any, Any]:
    """The key that belongs to the two words of a `SeedGenerator`'s state.

    The words are hashed, so that no state of a generator is the key of an integer seed.
    """
    try:
        first, second = (int(n) & 0xFFFFFFFF for n in keras.ops.convert_to_numpy(state))
        rng = Rng.from_key((first, second))
    except Exception as error:
        if keras.backend.backend() != "jax":
            raise ValueError(
                f"{who} needs a SeedGenerator whose state has a value, got one inside a traced "
                "function; pass an integer seed there."
            ) from error
        import jax.numpy as jnp

        rng = Rng.from_key((state[0], state[1]), xp=jnp)
    return rng.fold_in("keras.random.SeedGenerator").key
