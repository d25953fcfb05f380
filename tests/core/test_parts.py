"""Parts of kernels have the values of the whole, and independent entries cost the part alone."""

import tracemalloc
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

import initcore
import initcore_jax
import initcore_torch as init
from initcore import Part, Rng, specs
from initcore.initializers._plane_rotations import Rotations
from initcore.spec import Layout, made_part

NAMES = sorted(name for name, spec in specs.items() if spec.builtin)
INDEXED = ("zeros", "ones", "constant", "identity", "hadamard", "idinit", "idinit_zero")
ENTRIES = ("uniform", "normal", "truncated_normal", "he_normal", "glorot_uniform")


def shape_of(name: str) -> tuple[int, ...]:
    return (8, 6, 3, 3) if specs[name].shape.low > 2 else (8, 6)


def cut(whole: Any, offset: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    return whole[tuple(slice(o, o + n) for o, n in zip(offset, shape, strict=True))]


def jax_initializer(name: str) -> Any:
    spec, factory = specs[name], getattr(initcore_jax, name)
    if name in ("zeros", "ones"):
        return factory
    if name == "variance_scaling":
        return factory(1.0, "fan_in", "normal")
    return factory(*spec.example.values())


@pytest.mark.parametrize("name", NAMES)
def test_a_part_is_that_of_the_whole_in_the_core_in_pytorch_and_in_jax(name: str) -> None:
    spec, shape = specs[name], shape_of(name)
    offset, part = (4, 2, 1, 1)[: len(shape)], (3, 4, 2, 2)[: len(shape)]
    which = {spec.rectangle: Part(shape, offset)}
    whole = spec.function(Rng(3), shape, **spec.example)
    assert (spec.function(Rng(3), part, **which, **spec.example) == cut(whole, offset, part)).all()

    fill = getattr(init, f"{name}_")
    given = {"val" if n == "value" else n: v for n, v in spec.example.items()}
    given |= {"seed": 3} if spec.random else {}
    whole = fill(torch.empty(shape), **given)
    assert torch.equal(fill(torch.empty(part), **which, **given), cut(whole, offset, part))

    # One spatial axis: JAX compiles for seconds otherwise.
    shape, offset, part = ((*s[2:3], s[1], s[0]) for s in (shape, offset, part))
    make, key = jax_initializer(name), jax.random.key(3)
    assert (make(key, part, part=Part(shape, offset)) == cut(make(key, shape), offset, part)).all()
    compiled = jax.jit(lambda k: make(k, part, part=Part(shape, offset)))(key)
    assert abs(compiled - cut(make(key, shape), offset, part)).max() < 2e-5


@given(data=st.data())
def test_any_rectangle_of_any_layout(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from((*ENTRIES, *INDEXED)))
    shape = tuple(data.draw(st.lists(st.integers(1, 5), min_size=2, max_size=4)))
    axes = data.draw(st.permutations(range(len(shape))))
    layout = Layout((axes[0],), (axes[1],), tuple(axes[2 : data.draw(st.integers(2, len(shape)))]))
    offset = tuple(data.draw(st.integers(0, n - 1)) for n in shape)
    sizes = tuple(data.draw(st.integers(0, n - o)) for n, o in zip(shape, offset, strict=True))
    spec, kernel = specs[name], layout.kernel(shape)
    given = {**spec.example, **({"groups": kernel.groups} if spec.grouped else {})}
    assume(name != "idinit_zero" or kernel.fan_in > 1)
    canonical, values = spec.check(kernel.shape, given)
    whole = layout.from_canonical(spec.function(Rng(1), canonical, **given), shape, xp=np)
    w = made_part(spec, Rng(1), Part(shape, offset), sizes, canonical, values, layout)
    assert w.shape == sizes
    assert (w == cut(whole, offset, sizes)).all()


@pytest.mark.parametrize("more", [{"groups": 2}, {"transposed": True}, {"batch": 1},
                                  {"groups": 2, "transposed": True}])  # fmt: skip
@pytest.mark.parametrize("name", ["orthogonal", "he_normal", "sparse_orthogonal", "mirrored"])
def test_groups_transposed_and_stacked_kernels(name: str, more: dict[str, Any]) -> None:
    shape = (2, 8, 6) if "batch" in more else (8, 6, 3)
    offset, part = (1, 4, 2), (1, 3, 2) if "batch" in more else (3, 2, 1)
    fill, given = getattr(init, f"{name}_"), {**specs[name].example, "seed": 1, **more}
    whole = fill(torch.empty(shape), **given)
    w = fill(torch.empty(part), **{specs[name].rectangle: Part(shape, offset)}, **given)
    assert torch.equal(w, cut(whole, offset, part))


def test_independent_entries_cost_the_part_alone() -> None:
    whole, part = Part((1 << 20, 1 << 20), (1 << 19, 77)), (300, 200)  # 4 TiB as a whole
    tracemalloc.start()
    w = initcore.he_normal(Rng(0), part, part=whole)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 4 * w.nbytes
    assert abs(w.std() * (1 << 19) ** 0.5 - 1) < 0.02  # the fan of the whole
    tensor = torch.empty(part)
    assert torch.equal(init.he_normal_(tensor, seed=0, part=whole), torch.from_numpy(w))


@pytest.mark.parametrize("name", INDEXED)
def test_index_initializers_cost_the_part_alone(name: str) -> None:
    which = {"part": Part((1 << 20, 1 << 12), (1 << 19, 77)), **specs[name].example}
    fill = getattr(initcore, name)
    fill(Rng(0), (2, 2), **which)
    tracemalloc.start()
    w = fill(Rng(0), (600, 500), **which)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2.3 * w.nbytes  # beside the shard at most 1.3 times its size


def test_a_part_of_a_sparse_orthogonal_kernel_rotates_its_own_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, rotated = [], Rotations._rows

    def noted(self: Rotations, some: Any, gain: float) -> Any:
        rows.extend(some.tolist())
        return rotated(self, some, gain)

    monkeypatch.setattr(Rotations, "_rows", noted)
    part = Part((3 * 64, 80), (64 + 16, 0))
    initcore.sparse_orthogonal(Rng(0), (8, 80), density=0.2, groups=3, part=part)
    assert rows == list(range(16, 24))


def test_a_part_of_a_sparse_matrix_costs_the_part() -> None:
    for shape, sizes, offset in (((4000, 4000), (4000, 100), (0, 300)),
                                 ((4000, 400), (100, 400), (50, 0))):  # fmt: skip
        tracemalloc.start()
        w = initcore.sparse(Rng(0), sizes, sparsity=0.5, part=Part(shape, offset))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 10 * w.nbytes  # a sort takes several arrays of 8 bytes a number
    everything = initcore.sparse(Rng(0), (4000, 400), sparsity=0.5)
    assert (w == everything[50:150]).all()


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda t: init.normal_(t, part=Part((6, 6), (3, 3))), ValueError,
         r"normal_ needs a part within the kernel of shape \(6, 6\), got one of shape \(4, 4\)"),
        (lambda t: init.normal_(t, part=Part((6,), (3,))), ValueError, "as many axes"),
        (lambda t: init.normal_(t, part=((6, 6), (0, 0))), TypeError, "an initcore.Part"),
        (lambda t: init.zeros_(t, part=Part((6, 6), (3, 3))), ValueError, "within the kernel"),
        (lambda t: init.eye_(t, part=Part((6, 6), (3, 3))), ValueError, "within the kernel"),
        (lambda t: Part((6, 6), (1,)), ValueError, "an offset along each of the 2 axes"),
        (lambda t: Part((6, 6), (1, -1)), ValueError, "the offset of Part needs"),
        (lambda t: Part((6, 6), (1, 0.5)), TypeError, "the offset of Part needs"),
        (lambda t: initcore.normal(Rng(0), (4, 4), part=Part((6, 6), (3, 3))), ValueError,
         "normal needs a part within"),
        (lambda t: initcore_jax.normal()(jax.random.key(0), (4, 4), part=Part((6, 6), (3, 3))),
         ValueError, "normal needs a part within"),
    ],
)  # fmt: skip
def test_what_is_no_part_is_refused_before_anything_is_written(
    call: Any, error: type[Exception], text: str
) -> None:
    tensor = torch.full((4, 4), 7.0)
    with pytest.raises(error, match=text) as caught:
        call(tensor)
    assert "\n" not in str(caught.value)
    assert (tensor == 7).all()


def test_a_part_may_be_all_of_a_kernel_or_nothing_of_it() -> None:
    whole = initcore.orthogonal(Rng(0), (4, 4))
    assert (initcore.orthogonal(Rng(0), (4, 4), part=Part((4, 4), (0, 0))) == whole).all()
    assert initcore.normal(Rng(0), (0, 4), part=Part((4, 4), (4, 0))).shape == (0, 4)
    out = np.zeros((2, 4), np.float32)
    assert initcore.orthogonal(Rng(0), (2, 4), part=Part((4, 4), (2, 0)), out=out) is out
    assert (out == whole[2:]).all()
    array = initcore_jax.constant(jnp.arange(4.0))
    assert array(None, (2, 2), part=Part((4, 4), (0, 2))).tolist() == [[2, 3], [2, 3]]
