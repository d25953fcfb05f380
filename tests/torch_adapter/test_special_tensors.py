"""Tensors that are no plain block of memory: fake, traced, distributed, overlapping, subclassed."""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

import initcore_torch as init


def test_fake_tensors_are_left_alone_and_no_number_is_drawn_for_them() -> None:
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

    state = torch.get_rng_state()
    with FakeTensorMode():
        layer = nn.Linear(3, 4)
        assert isinstance(init.orthogonal_(layer.weight), FakeTensor)
        assert isinstance(init.zeros_(layer.bias), FakeTensor)
    assert torch.equal(state, torch.get_rng_state())
    with pytest.raises(ValueError, match="orthogonal_ needs"):
        init.orthogonal_(layer.bias)


def test_inside_vmap_each_example_has_its_own_draw_if_it_asks_for_that() -> None:
    x = torch.zeros(4, 3, 3)

    def filled(x: torch.Tensor) -> torch.Tensor:
        return init.orthogonal_(torch.empty_like(x))

    same = torch.func.vmap(filled, randomness="same")(x)
    assert all(torch.equal(same[0], w) for w in same)
    torch.manual_seed(0)
    different = torch.func.vmap(filled, randomness="different")(x)
    assert torch.linalg.matrix_norm(different[0] - different[1]) > 0.1
    for w in (*same, *different):
        assert torch.linalg.svdvals(w).numpy() == pytest.approx(1, abs=1e-6)
    gains = torch.func.vmap(lambda g: init.orthogonal_(torch.empty_like(x[0]) * g, g, seed=3))
    assert torch.linalg.svdvals(gains(torch.tensor([1.0, 2.0]))[1]).numpy() == pytest.approx(2)
    seeded = torch.func.vmap(lambda x: init.orthogonal_(x, seed=3))(x.clone())
    assert torch.equal(seeded[2], init.orthogonal_(torch.empty(3, 3), seed=3))
    with pytest.raises(RuntimeError, match="randomness"):  # PyTorch's own refusal
        torch.func.vmap(filled)(x)


def test_inside_grad_a_fill_is_a_constant() -> None:
    w = init.orthogonal_(torch.empty(3, 3), seed=3)

    def loss(x: torch.Tensor) -> torch.Tensor:
        return (init.orthogonal_(torch.empty(3, 3), seed=3) @ x).sum()

    assert torch.equal(torch.func.grad(loss)(torch.ones(3)), w.sum(0))


def test_views_of_a_parameter_fill_their_part_of_it() -> None:
    w = nn.Parameter(torch.full((6, 2), 9.0))
    first, second, _ = w.chunk(3)
    init.orthogonal_(first, seed=1)
    init.orthogonal_(second, seed=2)
    assert torch.equal(w[:2], init.orthogonal_(torch.empty(2, 2), seed=1))
    assert torch.equal(w[2:4], init.orthogonal_(torch.empty(2, 2), seed=2))
    assert (w[4:] == 9).all()
    assert w.is_leaf
    assert w.requires_grad


def test_elements_that_share_memory_are_refused_and_interleaved_ones_are_not() -> None:
    for shared in (
        torch.full((3, 1), 7.0).expand(3, 3),
        torch.full((9,), 7.0).as_strided((3, 3), (1, 1)),
        torch.full((9,), 7.0).as_strided((2, 2, 2), (2, 4, 2)),
    ):
        with pytest.raises(ValueError, match="memory of their own"):
            init.normal_(shared)
        assert (shared == 7).all()
    between = torch.empty(9).as_strided((2, 3), (3, 2))  # 0 2 4 and 3 5 7
    assert torch.equal(init.normal_(between, seed=1), init.normal_(torch.empty(2, 3), seed=1))
    one = torch.empty(1).as_strided((1, 1), (0, 0))
    assert init.orthogonal_(one, seed=0).abs().item() == pytest.approx(1)
    # As with PyTorch, one value everywhere needs no memory of its own.
    assert (init.ones_(torch.zeros(3, 1).expand(3, 3)) == 1).all()


class Tagged(torch.Tensor):
    """A subclass that only has another name."""


class TaggedParameter(nn.Parameter):
    """The same of parameters."""


def test_subclasses_keep_their_class() -> None:
    expected = init.orthogonal_(torch.empty(3, 3), seed=4)
    for tensor in (torch.empty(3, 3).as_subclass(Tagged), TaggedParameter(torch.empty(3, 3))):
        assert init.orthogonal_(tensor, seed=4) is tensor
        assert torch.equal(tensor, expected)
    frozen = nn.Parameter(torch.empty(3, 3), requires_grad=False)
    assert torch.equal(init.orthogonal_(frozen, seed=4), expected)


def test_tensors_the_core_has_no_numbers_for_are_refused_untouched() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch calls some of these kinds deprecated or beta
        kinds: list[tuple[Any, str]] = [
            (torch.full((3, 3), 7), "int64"),
            (torch.quantize_per_tensor(torch.ones(3, 3), 0.1, 0, torch.quint8), "quint8"),
            (torch.eye(3).to_sparse(), "sparse_coo"),
            (torch.eye(3).to_sparse_csr(), "sparse_csr"),
            (torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), "nested"),
        ]
    for tensor, word in kinds:
        for function in (init.orthogonal_, init.normal_, init.kaiming_uniform_, init.eye_):
            with pytest.raises(TypeError, match=f"{function.__name__} needs .*{word}"):
                function(tensor)
    assert (kinds[0][0] == 7).all()


def test_constants_serve_sparse_tensors_too() -> None:
    sparse = torch.eye(3).to_sparse()
    assert init.zeros_(sparse) is sparse
    assert not sparse.to_dense().any()


@pytest.fixture
def mesh() -> Iterator[Any]:
    """The last of four processes; nothing is sent, so the others need not exist."""
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.testing._internal.distributed.fake_pg import FakeStore

    dist.init_process_group("fake", rank=3, world_size=4, store=FakeStore())
    yield init_device_mesh("cpu", (2, 2))
    dist.destroy_process_group()


@pytest.mark.parametrize("transposed", [False, True])
def test_each_process_fills_its_part_of_the_one_whole(mesh: Any, transposed: bool) -> None:
    from torch.distributed.tensor import Replicate, Shard, empty
    from torch.distributed.tensor._utils import compute_local_shape_and_global_offset

    whole = init.orthogonal_(torch.empty(10, 6), seed=3, transposed=transposed)
    for placements in ([Shard(0), Shard(1)], [Shard(0), Shard(0)], [Replicate(), Shard(1)]):
        part = nn.Parameter(empty(10, 6, device_mesh=mesh, placements=placements))
        assert init.orthogonal_(part, seed=3, transposed=transposed) is part
        (n, m), (i, j) = compute_local_shape_and_global_offset((10, 6), mesh, placements)
        mine = part.to_local().detach()
        assert mine.shape == (n, m)
        assert n * m < 60
        assert torch.equal(mine, whole[i : i + n, j : j + m])
        assert not init.zeros_(part).to_local().any()
        with pytest.raises(ValueError, match=r"normal_ needs seed= .* DTensor"):
            init.normal_(part)
        assert not part.to_local().any()
