"""Every matrix product is in full precision: on GPUs and TPUs JAX rounds factors otherwise.

A CPU computes in full precision whatever it is told, so the program is looked at, not its values.
"""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import pytest

import initcore_jax
from initcore import specs
from initcore.initializers import _conv_orthogonal, _looped
from initcore_jax import _init

pytestmark = pytest.mark.optimized

HIGHEST = (jax.lax.Precision.HIGHEST,) * 2
PRODUCTS = {"dot_general", "conv_general_dilated", "ragged_dot_general"}
SHAPES = [(40, 40), (200, 300), (3, 3, 4, 6)]
EXAMPLES = {"variance_scaling": {"scale": 1.0, "mode": "fan_in", "distribution": "normal"}}


def jaxprs(value: Any) -> Iterator[Any]:
    """The programs inside a parameter of an equation."""
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from jaxprs(part)
    elif hasattr(value, "jaxpr"):
        yield value.jaxpr
    elif hasattr(value, "eqns"):
        yield value


def equations(jaxpr: Any) -> Iterator[Any]:
    """All equations of a program, those of programs inside it too."""
    for equation in jaxpr.eqns:
        yield equation
        for value in equation.params.values():
            for inner in jaxprs(value):
                yield from equations(inner)


def products(function: Any, *arguments: Any) -> list[Any]:
    """The precisions of all products of floating factors."""
    program = jax.make_jaxpr(function)(*arguments)
    return [
        equation.params["precision"]
        for equation in equations(program.jaxpr)
        if equation.primitive.name in PRODUCTS
        and all(jnp.issubdtype(v.aval.dtype, jnp.floating) for v in equation.invars)
    ]


def drawn(name: str, shape: tuple[int, ...], **parameters: Any) -> list[Any]:
    """The precisions of an initializer's products; none if the shape is not for it."""
    init = getattr(initcore_jax, name)
    if name not in ("zeros", "ones"):
        given = {**EXAMPLES.get(name, specs[name].example), **parameters}
        init = init(**given)
    return products(lambda key: init(key, shape), jax.random.key(0))


def applies(name: str, shape: tuple[int, ...]) -> bool:
    rule = specs[name].shape
    return rule.low <= len(shape) <= (rule.high or len(shape))


CASES = [(name, shape) for name in sorted(specs) for shape in SHAPES if applies(name, shape)]


@pytest.mark.parametrize(("name", "shape"), CASES, ids=str)
def test_products_of_every_initializer_are_in_full_precision(
    name: str, shape: tuple[int, ...]
) -> None:
    found = drawn(name, shape)
    assert all(p == HIGHEST for p in found), f"{name}{shape} multiplies with precision {found}"
    # The specification says which initializers multiply: so their products are seen here.
    assert bool(found) != specs[name].exact_across_namespaces, f"{name}{shape}: {found}"


@pytest.mark.parametrize("base", ["scaled_orthogonal", "delta_orthogonal", "conv_orthogonal"])
def test_products_of_mirrored_kernels_are_in_full_precision(base: str) -> None:
    found = drawn("mirrored", (3, 3, 4, 6), base=base)
    assert set(found) == {HIGHEST}, f"mirrored, base {base}: {found}"


@pytest.fixture
def traced_anew() -> Iterator[None]:
    """Programs traced before the test are not reused in it, nor those of the test after it."""
    _init._compiled.cache_clear()
    yield
    _init._compiled.cache_clear()


@pytest.mark.usefixtures("traced_anew")
@pytest.mark.parametrize("module", [_looped, _conv_orthogonal], ids=lambda m: m.__name__)
def test_a_product_that_asks_for_no_precision_is_found(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "matmul", lambda a, b, xp: xp.matmul(a, b))
    assert None in drawn("conv_orthogonal", (3, 4, 6))


def test_products_are_found_in_programs_inside_programs() -> None:
    def product(x: Any) -> Any:
        return x @ x

    def nested(x: Any) -> Any:
        x = jax.lax.scan(lambda c, _: (jax.jit(product)(c), None), x, None, length=2)[0]
        x = jax.lax.while_loop(lambda c: c[0, 0] < 0, jax.checkpoint(product), x)
        return jax.lax.cond(x[0, 0] > 0, product, lambda c: jnp.matmul(c, c, precision="high"), x)

    found = products(nested, jnp.ones((2, 2)))
    assert found.count(None) == 3
    assert len(found) == 4
    assert products(product, jnp.ones((2, 2), int)) == []
