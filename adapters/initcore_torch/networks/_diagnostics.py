"""`signal_report`, `jacobian_spectrum` and `orthogonality` of a PyTorch model."""

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from initcore import diagnostics
from initcore.arguments import one_line
from initcore.diagnostics import MeasuredSpectrum, Orthogonality, SignalReport
from initcore.networks import Network, Weight, describe_network

from .._tensor import check_module
from ._initialize import traced
from ._inputs import as_call
from ._taps import first_tensor, modules_of, seeded, tapped
from ._trace import evaluating

__all__ = ["jacobian_spectrum", "orthogonality", "signal_report"]


def signal_report(model: nn.Module, inputs: Any, *, seed: int = 0) -> SignalReport:
    """Mean squares of signal and gradient at every layer, dead units, correlations, ranks.

    The model runs in evaluation mode, forward and backward, and stays as it is.

    Args:
        inputs: What the model is called with: a tensor, a tuple, or a mapping of named arguments;
            the first axis counts the inputs, two or more for correlations.
        seed: Of the random linear function of the outputs whose gradient is taken.

    Raises:
        TypeError: It is no module, or puts out no tensor.
        ValueError: The model does not take the inputs.

    >>> net = nn.Sequential(*[nn.Linear(32, 32, bias=False) for _ in range(3)])
    >>> from initcore_torch import initialize
    >>> report = initialize(net, "orthogonal")
    >>> found = signal_report(net, torch.eye(32))
    >>> [round(layer.signal * 32, 5) for layer in found.values()], found.verdict
    ([1.0, 1.0, 1.0], [])
    """
    network = _network(model, inputs, "signal_report")
    args, kwargs = as_call(inputs)
    signals: dict[str, Tensor] = {}

    def keep(path: str, module: nn.Module, output: Tensor) -> None:
        if path not in signals:
            signals[path] = output.requires_grad_() if not output.requires_grad else output

    with evaluating(model), torch.enable_grad(), tapped(modules_of(model, network), keep):
        y = _called("signal_report", model, args, kwargs)
        kept = list(signals.values())
        grads = torch.autograd.grad(y, kept, seeded(y.shape, y, seed), allow_unused=True)
    gradients = {
        path: _array(g) for path, g in zip(signals, grads, strict=True) if g is not None
    }  # fmt: skip
    named = dict(model.named_parameters())
    first = next((t for t in (*args, *kwargs.values()) if isinstance(t, Tensor)), None)
    return diagnostics.signal_report(
        network,
        {path: _array(s) for path, s in signals.items()},
        gradients,
        {w.path: _variances(named, w) for w in network.kernels},
        entering=None if first is None else _array(first.to_dense()),
        model=type(model).__name__,
    )


def jacobian_spectrum(
    model: nn.Module, inputs: Any, *, probes: int = 8, steps: int = 32, seed: int = 0
) -> MeasuredSpectrum:
    """The squared singular values of the Jacobian of outputs by inputs, over the given inputs.

    All of them where the smaller side has at most 2048; otherwise the law of one by stochastic
    Lanczos quadrature, from `2 * probes * steps` products with the Jacobian. Inputs that are
    integers are looked up first: the Jacobian is the one by what the embedding puts out.

    Args:
        inputs: A tensor, a tuple, or a mapping of named arguments; the first one is differentiated
            by, and its first axis counts independent inputs.
        probes: Random vectors; the error bars come from them.
        steps: Products of each.
        seed: Of the probes.

    Raises:
        TypeError: It is no module, or puts out no tensor.
        ValueError: The model does not take the inputs, or its output does not depend on them.

    >>> net = nn.Sequential(nn.Linear(16, 16), nn.Linear(16, 16))
    >>> from initcore_torch import initialize
    >>> report = initialize(net, "orthogonal")
    >>> found = jacobian_spectrum(net, torch.zeros(1, 16))
    >>> round(found.mean, 5), found.variance < 1e-10, found.exact
    (1.0, True, True)
    """
    check_module("jacobian_spectrum", model)
    with evaluating(model), torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        x, y = _graph(model, inputs)
        cotangent = torch.zeros_like(y, requires_grad=True)
        (pulled,) = torch.autograd.grad(y, x, cotangent, create_graph=True, allow_unused=True)
        if pulled is None:
            raise ValueError("jacobian_spectrum needs outputs that depend on the inputs.")
        # The pulled-back cotangent is linear in it; its own pull-back is the push forward.
        return diagnostics.spectrum_of(
            lambda v: _pulled(pulled, cotangent, v), lambda u: _pulled(y, x, u),
            (x.shape, y.shape), probes=probes, steps=steps, seed=seed,
        )  # fmt: skip


def orthogonality(
    model: nn.Module, sample_input: Any = None, *, image: int | None = None
) -> Orthogonality:
    """The singular values of every layer: of its matrix, or of a convolution on circular images.

    Args:
        sample_input: What the model is called with; guessed if it is left out.
        image: Pixels a side of the images; by default as many as the kernel has taps.

    >>> from initcore_torch import initialize
    >>> net = nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 2))
    >>> report = initialize(net, "conv_orthogonal")
    >>> [round(layer.spread, 4) for layer in orthogonality(net).values()]
    [1.0, 1.0]
    """
    network = _network(model, sample_input, "orthogonality")
    named = dict(model.named_parameters())

    def values_of(path: str) -> Any:
        return None if named[path].device.type == "meta" else _array(named[path])

    return diagnostics.orthogonality(network, values_of, image)


def _network(model: nn.Module, inputs: Any, who: str) -> Network:
    check_module(who, model)
    return describe_network(traced(model, inputs, who))


def _called(who: str, model: nn.Module, args: Any, kwargs: Mapping[str, Any]) -> Tensor:
    """The output to differentiate, of the model on real numbers."""
    try:
        y = model(*args, **kwargs)
    except Exception as error:
        raise ValueError(
            f"{who} could not call {type(model).__name__} with these inputs: {one_line(error)}"
        ) from error
    return first_tensor(y)


def _graph(model: nn.Module, inputs: Any) -> tuple[Tensor, Tensor]:
    """What is differentiated by, and the output, with a graph between them."""
    args, kwargs = as_call(inputs)
    values = [*args, *kwargs.values()]
    first = next((t for t in values if isinstance(t, Tensor)), None)
    if first is None:
        raise TypeError("jacobian_spectrum needs a tensor among the inputs.")
    if first.is_floating_point():
        x = first.detach().clone().requires_grad_()
        args = tuple(x if t is first else t for t in args)
        kwargs = {k: x if t is first else t for k, t in kwargs.items()}
        return x, _called("jacobian_spectrum", model, args, kwargs)
    looked_up: list[Tensor] = []

    def keep(path: str, module: nn.Module, output: Tensor) -> Tensor | None:
        if looked_up:
            return None
        looked_up.append(output.detach().clone().requires_grad_())
        return looked_up[0]

    tables: dict[str, nn.Module] = {
        n: m for n, m in model.named_modules() if isinstance(m, nn.Embedding)
    }
    with tapped(tables, keep):
        y = _called("jacobian_spectrum", model, args, kwargs)
    if not looked_up:
        raise ValueError(
            "jacobian_spectrum needs floating-point inputs, or integers that an embedding takes."
        )
    return looked_up[0], y


def _variances(named: Mapping[str, Tensor], w: Weight) -> tuple[float, float]:
    """Those of a kernel and of its module's bias."""
    bias = named.get(w.path.rpartition(".")[0] + ".bias")
    return diagnostics.variances(
        w, _array(named[w.path]), None if bias is None or bias.ndim != 1 else _array(bias)
    )


def _pulled(y: Tensor, x: Tensor, rows: Any) -> Any:
    """Cotangents `(k, *y.shape)` pulled back, at once where every operation can do that."""
    cotangents = torch.as_tensor(rows).to(y)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # one by one is faster than what is warned of
            return _array(
                torch.autograd.grad(y, x, cotangents, retain_graph=True, is_grads_batched=True)[0]
            )
    except (RuntimeError, Warning):
        each = [torch.autograd.grad(y, x, u, retain_graph=True)[0] for u in cotangents]
        return _array(torch.stack(each))


def _array(t: Tensor) -> Any:
    return t.detach().double().cpu().numpy()
