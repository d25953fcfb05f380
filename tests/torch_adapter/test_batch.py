"""`batch=`: leading axes that count kernels, in every tensor function."""

import inspect

import pytest
import torch

import initcore_torch as init

TAKES = sorted(
    name
    for name in dir(init)
    if name.endswith("_")
    and not name.startswith("_")
    and "batch" in inspect.signature(getattr(init, name)).parameters
)
SHAPES = {"delta_orthogonal_": (6, 4, 3), "conv_orthogonal_": (6, 4, 3), "mirrored_": (6, 4)}
MORE = {"sparse_orthogonal_": {"density": 0.5}, "sparse_": {"sparsity": 0.5}}


def test_every_kernel_function_takes_it() -> None:
    kernels = {name for name in dir(init) if name.endswith("_") and not name.startswith("_")
               and "groups" in inspect.signature(getattr(init, name)).parameters}  # fmt: skip
    assert kernels - {"dirac_"} <= {*TAKES}
    assert len(TAKES) > 12


@pytest.mark.parametrize("name", TAKES)
def test_kernels_of_a_stack_are_those_of_as_many_groups(name: str) -> None:
    function, shape, more = getattr(init, name), SHAPES.get(name, (6, 4)), MORE.get(name, {})
    seeded = "seed" in inspect.signature(function).parameters
    more = {**more, **({"seed": 5} if seeded else {})}
    stacks, flat = (2, 3, *shape), (6 * shape[0], *shape[1:])
    masked = name == "approximate_isometry_"
    stacked, grouped = (
        function(torch.empty(sizes), *([torch.ones(sizes).bool()] if masked else []), **how, **more)
        for sizes, how in ((stacks, {"batch": 2}), (flat, {"groups": 6}))
    )
    assert torch.equal(stacked.reshape(grouped.shape), grouped)


def test_groups_and_transposed_kernels_may_be_stacked() -> None:
    w = init.orthogonal_(torch.empty(3, 8, 2, 3), seed=0, batch=1, groups=2, transposed=True)
    for kernel in w:
        for part in kernel.view(2, 4, 2, 3):  # (groups, in, out, taps)
            matrix = part.transpose(0, 1).reshape(2, 12)
            torch.testing.assert_close(matrix @ matrix.T, torch.eye(2), atol=1e-6, rtol=0)


def test_fans_are_those_of_one_kernel() -> None:
    w = init.he_normal_(torch.empty(8, 64, 32), seed=0, batch=1)
    # 16384 draws of deviation 1/4: within 6 standard errors.
    assert abs(float(w.std()) / 0.25 - 1) < 6 / (2 * 16384) ** 0.5


@pytest.mark.parametrize("batch", [-1, 2, True, "1", 1.0])
def test_a_batch_that_is_none_is_refused_before_anything_is_written(batch: object) -> None:
    w = torch.full((4, 4, 4), 7.0)
    with pytest.raises((TypeError, ValueError), match="orthogonal_ needs batch"):
        init.orthogonal_(w, batch=batch, seed=0)  # type: ignore[arg-type]
    assert (w == 7).all()
