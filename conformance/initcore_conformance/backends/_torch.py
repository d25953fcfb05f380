"""`torch.nn.init` as a backend."""

import math
from typing import Any

from initcore import specs

from .._signatures import has
from ._peers import LAYERS, Counterpart, PeerBackend

__all__ = ["TorchBackend", "backend"]


class TorchBackend(PeerBackend):
    """Functions that fill tensors in the order of `Linear` and `Conv`, which is the core's."""

    name = "torch"
    dtypes = ("float32", "float64", "bfloat16", "float16")
    layers = LAYERS

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: str = "float32", **parameters: Any
    ) -> Any:
        """A tensor that was filled, from a generator of this seed."""
        import torch

        real: Any = getattr(torch, dtype, dtype)
        tensor = torch.empty(tuple(shape), dtype=real)
        self._fill(tensor, name, seed, parameters)
        return tensor

    def _fill(self, tensor: Any, name: str, seed: Any, parameters: dict[str, Any]) -> Any:
        import torch

        counterpart = self.counterparts[name]
        given = counterpart.translate(name, parameters)
        if not specs[name].random:
            return counterpart.make(tensor, **given)
        if has(counterpart.make, "generator"):
            return counterpart.make(tensor, **given, generator=torch.Generator().manual_seed(seed))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return counterpart.make(tensor, **given)

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: Any, dtype: str = "float32",
        **parameters: Any,
    ) -> Any:  # fmt: skip
        """A real module without bias."""
        import torch

        out, in_, *spatial = shape
        groups = parameters.get("groups", 1)
        module: Any
        if kind == "dense":
            module = torch.nn.Linear(in_, out, bias=False)
        else:
            cls = getattr(torch.nn, f"Conv{len(spatial)}d")
            module = cls(groups * in_, out, tuple(spatial), bias=False, groups=groups)
        self._fill(module.weight, name, seed, parameters)
        edges = [edge for k in reversed(spatial) for edge in ((k - 1) // 2, k // 2)]

        def forward(x: Any) -> Any:
            with torch.no_grad():
                return module(torch.nn.functional.pad(torch.as_tensor(x), edges)).numpy()

        return forward


class TorchPeer(TorchBackend):
    """PyTorch's own initializers."""

    name = "torch.nn.init"

    def __init__(self) -> None:
        from torch.nn import init

        std = {"mean": "mean", "std": "std"}
        relu = {"nonlinearity": "relu"}
        counterparts = {
            "zeros": Counterpart(init.zeros_),
            "ones": Counterpart(init.ones_),
            "constant": Counterpart(init.constant_, {"value": "val"}),
            "uniform": Counterpart(init.uniform_, {"low": "a", "high": "b"}),
            "normal": Counterpart(init.normal_, std),
            "truncated_normal": Counterpart(
                init.trunc_normal_,
                {**std, "low": "a", "high": "b"},
                {"std": lambda v: v > 0, "low": math.isfinite, "high": math.isfinite},
            ),
            "sparse": Counterpart(
                init.sparse_, {"sparsity": "sparsity", "std": "std"}, axes=(2, 2)
            ),
            "glorot_uniform": Counterpart(init.xavier_uniform_, axes=(2, 5)),
            "he_uniform": Counterpart(init.kaiming_uniform_, axes=(2, 5), extra=relu),
            "orthogonal": Counterpart(init.orthogonal_, {"gain": "gain"}, axes=(2, 5)),
            "identity": Counterpart(init.dirac_, {"groups": "groups"}, axes=(3, 5)),
        }
        super().__init__(counterparts)


def backend() -> TorchPeer:
    """PyTorch's own initializers."""
    return TorchPeer()
