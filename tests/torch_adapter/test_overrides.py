"""What overrides PyTorch's fills overrides ours: tensor-likes, modes, devices, TorchScript."""

import inspect
import io
from typing import Any

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

import initcore_torch as init

FILLS = sorted(n for n in vars(init) if n.endswith("_") and not n.startswith("_"))
GIVEN: dict[str, dict[str, Any]] = {
    "constant_": {"val": 2.0}, "sparse_": {"sparsity": 0.5}, "sparse_orthogonal_": {"density": 0.5},
    "approximate_isometry_": {"mask": torch.ones(4, 4, dtype=torch.bool)},
}  # fmt: skip


def tensor_for(name: str) -> torch.Tensor:
    kernel = name in ("dirac_", "delta_orthogonal_", "conv_orthogonal_")
    return torch.full((4, 4, 3) if kernel else (4, 4), 7.0)


class Watch(TorchFunctionMode):
    """Notes every call that passes through it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls.append((func, args, kwargs or {}))
        return func(*args, **(kwargs or {}))


class EmptyWeights(TorchFunctionMode):
    """Skips fills by name, as contexts that make empty weights do."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in FILLS:
            return kwargs["tensor"]
        return func(*args, **kwargs)


class Like:
    """No tensor, but it says how it is filled."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert list(types) == [cls]
        return func, kwargs


@pytest.mark.parametrize("name", FILLS)
def test_a_mode_sees_one_call_by_its_own_name_and_the_values_stay(name: str) -> None:
    fill, given = getattr(init, name), GIVEN.get(name, {})
    torch.manual_seed(1)
    expected = fill(tensor_for(name), **given)
    tensor = tensor_for(name)
    torch.manual_seed(1)
    with Watch() as watch:
        assert fill(tensor, **given) is tensor
    ((func, args, kwargs),) = watch.calls
    assert func is fill
    assert args == ()
    assert kwargs["tensor"] is tensor
    assert torch.equal(tensor, expected)


@pytest.mark.parametrize("name", ["uniform_", "normal_", "constant_", "kaiming_uniform_"])
def test_tensor_likes_get_pytorchs_arguments(name: str) -> None:
    like, given = Like(), GIVEN.get(name, {})
    _, theirs = getattr(torch.nn.init, name)(like, **given)
    func, ours = getattr(init, name)(like, **given)
    assert func is getattr(init, name)
    assert ours == theirs
    assert list(ours) == list(theirs)


def test_our_own_arguments_reach_a_tensor_like_where_they_are_given() -> None:
    like = Like()
    _, given = init.orthogonal_(like, 2.0, seed=3)  # type: ignore[arg-type, misc]
    assert given == {"tensor": like, "gain": 2.0, "generator": None, "seed": 3}


@pytest.mark.parametrize("name", FILLS)
def test_contexts_of_empty_weights_skip_our_fills(name: str) -> None:
    tensor = tensor_for(name)
    state = torch.get_rng_state()
    with EmptyWeights():
        assert getattr(init, name)(tensor, **GIVEN.get(name, {})) is tensor
    assert (tensor == 7).all()
    assert torch.equal(state, torch.get_rng_state())


class Subclass(torch.Tensor):
    """Overrides by PyTorch's own `__torch_function__`."""

    calls: list[str] = []  # noqa: RUF012

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        cls.calls.append(func.__name__)
        return super().__torch_function__(func, types, args, kwargs or {})


def test_a_subclass_sees_one_call_and_keeps_its_class() -> None:
    expected = init.orthogonal_(torch.empty(3, 3), seed=4)
    tensor = torch.empty(3, 3).as_subclass(Subclass)
    Subclass.calls.clear()
    assert init.orthogonal_(tensor, seed=4) is tensor
    assert Subclass.calls == ["orthogonal_"]
    assert torch.equal(tensor.as_subclass(torch.Tensor), expected)


def test_a_default_device_changes_neither_values_nor_where_they_are() -> None:
    expected = init.normal_(torch.empty(4), seed=1)
    with torch.device("meta"):
        assert torch.equal(init.normal_(torch.empty(4, device="cpu"), seed=1), expected)
        assert init.normal_(torch.empty(4)).is_meta

    def filled() -> torch.Tensor:
        return init.normal_(torch.empty(4), seed=1)

    torch._dynamo.reset()
    torch.set_default_device("cpu")
    try:
        compiled = torch.compile(filled, backend="eager", fullgraph=True)()
    finally:
        torch.set_default_device(None)
    assert (compiled - expected).abs().max() < 2e-6


def test_skip_init_makes_a_module_of_ours_without_drawing() -> None:
    class Layer(nn.Module):
        def __init__(self, n: int, device: Any = None) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.empty(n, n, device=device))
            init.orthogonal_(self.weight)

    state = torch.get_rng_state()
    layer = torch.nn.utils.skip_init(Layer, 3)
    assert layer.weight.device.type == "cpu"
    assert torch.equal(state, torch.get_rng_state())


def scripted(w: torch.Tensor, gain: float) -> list[torch.Tensor]:
    return [
        init.uniform_(w.clone()),
        init.uniform_(w.clone(), -gain, b=gain),
        init.normal_(w.clone(), 0.0, gain),
        init.normal_(w.clone(), std=gain, seed=3),
        init.xavier_uniform_(w.clone(), gain=gain),
        init.xavier_normal_(w.clone()),
        init.constant_(w.clone(), gain),
        init.constant_(w.clone(), 1),
        init.ones_(w.clone()),
        init.zeros_(w),
    ]


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_torchscript_calls_the_elementwise_fills_and_can_be_saved() -> None:
    torch.manual_seed(2)
    expected = scripted(torch.empty(3, 4), 2.0)
    script = torch.jit.script(scripted)
    saved = io.BytesIO()
    torch.jit.save(script, saved)
    saved.seek(0)
    for function in (script, torch.jit.load(saved)):
        torch.manual_seed(2)
        parameter = nn.Parameter(torch.empty(3, 4))
        found = function(parameter, 2.0)
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
        assert found[-1].is_leaf
    with pytest.raises(RuntimeError, match="uniform_ needs a tensor of real floating dtype"):
        script(torch.zeros(3, 4, dtype=torch.int64), 2.0)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", FILLS)
def test_torchscript_compiles_the_fills_that_it_compiles_of_pytorch(name: str) -> None:
    fill, given = getattr(init, name), GIVEN.get(name, {})
    try:
        torch.jit.script(getattr(torch.nn.init, name))
    except Exception:  # it has many kinds
        return
    script = torch.jit.script(fill)
    torch.manual_seed(2)
    expected = fill(tensor_for(name), **given)
    torch.manual_seed(2)
    parameter = nn.Parameter(tensor_for(name))
    found = script(parameter, **given)
    assert torch.equal(found, expected)
    assert found.is_leaf
    if "seed" in inspect.signature(fill).parameters:
        assert torch.equal(script(torch.empty(4, 4), seed=3), fill(torch.empty(4, 4), seed=3))
