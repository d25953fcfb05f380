"""The same architecture in four libraries of JAX and in PyTorch: the same roles and weights."""

import re
from typing import Any

import jax
import numpy as np
import pytest
from flax import nnx

from initcore_jax import initialize
from tests.jax_adapter.architectures import ARCHITECTURES, LIBRARIES
from tests.networks.architectures import common, found, same

# Every architecture in two libraries, every library with half of them; the rest is thorough.
CASES = [
    pytest.param(library, name, marks=pytest.mark.thorough if (i + j) % 2 else ())
    for i, library in enumerate(LIBRARIES)
    for j, name in enumerate(ARCHITECTURES)
]


def name_of(path: str) -> str:
    """What the weight is called in PyTorch's network."""
    return common(re.sub(r"^(params|kept|~)[./]", "", path))


def scopes(path: str) -> tuple[str, ...]:
    return tuple(part for part in re.split(r"[./]", path) if part not in ("kept", "~", "value"))


def in_jax(library: str, name: str, scheme: Any = "orthogonal") -> dict[str, tuple[str, Any]]:
    function, sample = ARCHITECTURES[name]
    model = LIBRARIES[library](function, sample)
    made = initialize(model, scheme, seed=3, sample_input=sample, paths=name_of)
    weights, report = made if isinstance(made, tuple) else (nnx.state(model, nnx.Param), made)
    assert report.network.graph.traced, report.headline
    leaves = jax.tree_util.tree_leaves_with_path(weights)
    names = [jax.tree_util.keystr(keys, simple=True, separator=".") for keys, _ in leaves]
    values = {scopes(path): np.asarray(w) for path, (_, w) in zip(names, leaves, strict=True)}
    got = found(report, lambda path: values[scopes(path)])
    return {key.removeprefix("kept."): value for key, value in got.items()}


@pytest.mark.parametrize(("library", "name"), CASES)
def test_an_architecture_has_the_roles_and_the_weights_that_it_has_in_pytorch(
    library: str, name: str
) -> None:
    same(name, in_jax(library, name))


def test_a_kernel_that_is_turned_around_is_seen() -> None:
    ours = in_jax("linen", "mlp")
    ours["b.w"] = ("hidden", np.flip(ours["b.w"][1]))
    with pytest.raises(AssertionError, match=r"mlp, b.w: kernels differ"):
        same("mlp", ours)
