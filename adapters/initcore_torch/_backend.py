"""This adapter as a backend of the conformance suite: its public functions on real layers."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch

import initcore_torch as init
from initcore import Part, specs
from initcore.spec import Kernel

from ._layout import layout_of

__all__ = ["backend"]


class TorchBackend:
    """PyTorch through `initcore_torch`."""

    name = "torch"
    portable = True
    initializers = tuple(n for n in specs if hasattr(init, f"{n}_"))
    dtypes = ("float32", "float64", "bfloat16", "float16", "complex64", "complex128")
    layers = (
        "dense", "conv1d", "conv2d", "conv3d",
        "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    )  # fmt: skip
    grouped_layers = layers[1:]
    replaces, namespace = "torch.nn.init", init
    beyond: ClassVar = {"zeros": ("dtype",), "ones": ("dtype",), "constant": ("dtype", "value")}

    def sample(
        self, name: str, shape: Any, *, seed: Any, dtype: Any = "float32", **parameters: Any
    ) -> Any:
        """A canonical kernel, filled in PyTorch's own layout (which is the canonical one)."""
        if not isinstance(getattr(torch, str(dtype), None), torch.dtype):
            raise TypeError(f"torch has no dtype {dtype!r}.")
        tensor = torch.empty(tuple(shape), dtype=getattr(torch, dtype))
        return self._fill(name, tensor, seed, parameters)

    def sample_part(
        self, name: str, shape: Any, part: Part, /, *, seed: Any, dtype: str = "float32",
        **parameters: Any,
    ) -> Any:  # fmt: skip
        """A part of a canonical kernel."""
        tensor = torch.empty(tuple(shape), dtype=getattr(torch, dtype))
        return self._fill(name, tensor, seed, parameters, **{specs[name].rectangle: part})

    def _fill(
        self, name: str, tensor: Any, seed: Any, parameters: dict[str, Any], **how: Any
    ) -> Any:
        random = {"seed": seed} if specs[name].random else {}
        if name == "constant":
            parameters = {("val" if k == "value" else k): v for k, v in parameters.items()}
        if name == "uniform":
            old = {"low": "a", "high": "b"}
            parameters = {old.get(k, k): v for k, v in parameters.items()}
        return getattr(init, f"{name}_")(tensor, **parameters, **random, **how)

    def differs(
        self, name: str, shape: tuple[int, ...], dtype: str, arguments: dict[str, Any]
    ) -> bool:
        """The calls of the table "Differences from torch.nn.init" that PyTorch takes."""
        if name in ("eye_", "dirac_"):
            return dtype in ("int64", "bool") or any(k % 2 == 0 for k in shape[2:])
        # PyTorch gives both parts of complex numbers the whole variance, and the mean.
        uniform = name in ("xavier_uniform_", "kaiming_uniform_")
        return dtype.startswith("complex") and (uniform or bool(arguments.get("mean")))

    def layer(
        self, kind: str, name: str, shape: Any, *, seed: int, dtype: str = "float32",
        **parameters: Any,
    ) -> Callable[[Any], Any]:  # fmt: skip
        """A real module without bias, as a function of NumPy arrays."""
        kernel = Kernel(tuple(shape), parameters.get("groups", 1))
        real = getattr(torch, dtype)
        if kind == "dense":
            module: torch.nn.Module = torch.nn.Linear(shape[1], shape[0], bias=False, dtype=real)
        else:
            dims = kind[-2]
            cls = {
                "conv1": torch.nn.Conv1d, "conv2": torch.nn.Conv2d, "conv3": torch.nn.Conv3d,
                "conv_transpose1": torch.nn.ConvTranspose1d,
                "conv_transpose2": torch.nn.ConvTranspose2d,
                "conv_transpose3": torch.nn.ConvTranspose3d,
            }[kind.removesuffix("d")]  # fmt: skip
            transposed = "transpose" in kind
            padding: Any = tuple((k - 1) // 2 for k in kernel.spatial) if transposed else 0
            module = cls(
                kernel.groups * kernel.in_, kernel.shape[0], kernel.spatial, bias=False,
                groups=kernel.groups, padding=padding, dtype=real,
            )  # fmt: skip
            assert str(len(kernel.spatial)) == dims
        alike = ("zeros", "ones", "constant", "sparse")  # these know of no axes
        how = {"transposed": True} if "transpose" in kind and name not in alike else {}
        self._fill(name, module.weight, seed, parameters, **how)
        edges = [e for k in reversed(kernel.spatial) for e in ((k - 1) // 2, k // 2)]

        def forward(x: Any) -> Any:
            y = torch.from_numpy(np.asarray(x)).to(real)
            if kind != "dense" and "transpose" not in kind:
                y = torch.nn.functional.pad(y, edges)
            with torch.no_grad():
                return module(y).double().numpy()

        return forward

    def canonical(self, w: Any, groups: int = 1, transposed: bool = False) -> Any:
        """A kernel in PyTorch's order as `(out, in, *spatial)`."""
        layout = layout_of(w.shape, groups, transposed)
        return layout.to_canonical(w, xp=np) if layout else w


backend = TorchBackend()
