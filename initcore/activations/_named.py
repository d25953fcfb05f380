"""Activations by name: value, derivative, kinks, and the Gaussian moments that are known exactly.

`jax.nn`'s spelling is the name; PyTorch's and Keras's are taken too, whatever their capitals and
underscores. Everything acts on float64 NumPy arrays. Where libraries give one name to different
functions, the choice is stated where it stands.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import meant, short_repr
from ..spec import load_entry_points
from ._callables import measure, register_converter, slope_by_differences

__all__ = [
    "BY_KEY",
    "BY_NAME",
    "Activation",
    "activation_of",
    "key_of",
    "names",
    "register_converter",
]

GROUP = "initcore.activations"  # entry points of packages that register activations
Elementwise = Callable[[Any], Any]


@dataclass(frozen=True)
class Activation:
    """An elementwise function, with its derivative, kinks and known moments.

    Attributes:
        name: `jax.nn`'s spelling, or a callable's own name.
        value: The function.
        derivative: Its derivative, either one-sided limit at the kinks.
        kinks: Points where a derivative of any order jumps.
        moments: `q -> (E phi(sqrt(q) z)**2, E phi'(sqrt(q) z)**2)` where it is known exactly.
        slopes: `(left, right)` if the function is `left * x` below 0 and `right * x` above.
        eps: Relative precision of the values.
    """

    name: str
    value: Elementwise
    derivative: Elementwise
    kinks: tuple[float, ...] = ()
    moments: Callable[[float], tuple[float, float]] | None = None
    slopes: tuple[float, float] | None = None
    eps: float = 2.0**-52


def _sigmoid(x: Any) -> Any:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _cdf(x: Any) -> Any:
    from scipy.special import ndtr

    return ndtr(x)


def _pdf(x: Any) -> Any:
    return np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _erf(x: Any) -> Any:
    from scipy.special import erf

    return erf(math.sqrt(math.pi) / 2 * x)


def _softplus(x: Any) -> Any:
    return np.logaddexp(0.0, x)


def _sech2(x: Any) -> Any:
    """`1 - tanh(x)**2` without cancellation."""
    e = np.exp(-2 * abs(x))
    return 4 * e / (1 + e) ** 2


def _elu(alpha: float, scale: float = 1.0, width: float = 1.0) -> tuple[Elementwise, Elementwise]:
    """`scale * (x if x > 0 else alpha * (exp(x / width) - 1))` and its derivative."""
    return (
        lambda x: scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0) / width)),
        lambda x: scale * np.where(x >= 0, 1.0, alpha / width * np.exp(np.minimum(x, 0) / width)),
    )


def _gated(gate: Elementwise, gate_slope: Elementwise) -> tuple[Elementwise, Elementwise]:
    """`x * gate(x)` and its derivative."""
    return lambda x: x * gate(x), lambda x: gate(x) + x * gate_slope(x)


def _mish_gate_slope(x: Any) -> Any:
    return _sech2(_softplus(x)) * _sigmoid(x)


def _cubic(x: Any) -> Any:
    """The argument of the tanh form of GELU (Hendrycks & Gimpel 2016)."""
    return math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)


def _gelu_tanh_gate_slope(x: Any) -> Any:
    return 0.5 * _sech2(_cubic(x)) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)


def _between(low: float, high: float, slope: float = 1.0) -> Elementwise:
    return lambda x: np.where((x >= low) & (x < high), slope, 0.0)


def homogeneous(name: str, left: float, right: float) -> Activation:
    """The activation `left * x` below 0 and `right * x` above, which acts alike at all scales."""
    mean = (left * left + right * right) / 2
    return Activation(
        name,
        lambda x: np.where(x >= 0, right, left) * x,
        lambda x: np.where(x >= 0, right, left) + 0.0 * x,
        (0.0,) if left != right else (),
        lambda q: (mean * q, mean),
        (left, right),
    )


def _erf_moments(q: float) -> tuple[float, float]:
    """Williams, NeurIPS 1996, eq. 11, at its diagonal."""
    x = math.pi * q / 2
    return 2 / math.pi * math.asin(x / (1 + x)), 1 / math.sqrt(1 + 2 * x)


def _hard_tanh_moments(q: float) -> tuple[float, float]:
    if q == 0:
        return 0.0, 1.0
    inside = math.erf(1 / math.sqrt(2 * q))
    edge = math.sqrt(2 * q / math.pi) * math.exp(-1 / (2 * q))
    return q * inside - edge + math.erfc(1 / math.sqrt(2 * q)), inside


# Klambauer et al. 2017, to double precision.
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

_TABLE = (
    homogeneous("identity", 1.0, 1.0),
    homogeneous("relu", 0.0, 1.0),
    homogeneous("abs", -1.0, 1.0),
    Activation("relu6", lambda x: np.clip(x, 0.0, 6.0), _between(0.0, 6.0), (0.0, 6.0)),
    Activation("elu", *_elu(1.0), (0.0,)),
    Activation("celu", *_elu(1.0), (0.0,)),
    Activation("selu", *_elu(SELU_ALPHA, SELU_SCALE), (0.0,)),
    # The exact form, which is PyTorch's and Keras's default; jax.nn.gelu's is `gelu_tanh`.
    Activation("gelu", *_gated(_cdf, _pdf)),
    Activation(
        "gelu_tanh", *_gated(lambda x: 0.5 * (1 + np.tanh(_cubic(x))), _gelu_tanh_gate_slope)
    ),
    Activation("silu", *_gated(_sigmoid, lambda x: 0.25 * _sech2(0.5 * x))),
    Activation(
        "quick_gelu",
        *_gated(lambda x: _sigmoid(1.702 * x), lambda x: 1.702 / 4 * _sech2(0.851 * x)),
    ),
    Activation("mish", *_gated(lambda x: np.tanh(_softplus(x)), _mish_gate_slope)),
    Activation("softplus", _softplus, _sigmoid),
    Activation("squareplus", lambda x: 0.5 * (x + np.sqrt(x * x + 4)),
               lambda x: 0.5 * (1 + x / np.sqrt(x * x + 4))),
    Activation("sparse_plus", lambda x: np.where(abs(x) < 1, (x + 1) ** 2 / 4, np.maximum(x, 0)),
               lambda x: np.clip((x + 1) / 2, 0.0, 1.0), (-1.0, 1.0)),
    Activation("soft_sign", lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2, (0.0,)),
    Activation("tanh", np.tanh, _sech2),
    Activation("tanh_shrink", lambda x: x - np.tanh(x), lambda x: np.tanh(x) ** 2),
    # Threshold 1/2, PyTorch's and Keras's default.
    Activation("soft_shrink", lambda x: x - np.clip(x, -0.5, 0.5),
               lambda x: np.where(abs(x) > 0.5, 1.0, 0.0), (-0.5, 0.5)),
    Activation("sigmoid", _sigmoid, lambda x: 0.25 * _sech2(0.5 * x)),
    Activation("log_sigmoid", lambda x: -_softplus(-x), lambda x: _sigmoid(-x)),
    Activation("sparse_sigmoid", lambda x: np.clip((x + 1) / 2, 0.0, 1.0),
               _between(-1.0, 1.0, 0.5), (-1.0, 1.0)),
    Activation("hard_tanh", lambda x: np.clip(x, -1.0, 1.0), _between(-1.0, 1.0), (-1.0, 1.0),
               _hard_tanh_moments),
    # relu6(x + 3) / 6, as jax.nn, torch and Keras 3 have it; Keras 2 had clip(x / 5 + 1/2, 0, 1).
    Activation("hard_sigmoid", lambda x: np.clip(x + 3, 0, 6) / 6, _between(-3.0, 3.0, 1 / 6),
               (-3.0, 3.0)),
    Activation("hard_silu", lambda x: x * np.clip(x + 3, 0, 6) / 6,
               lambda x: np.where(x < -3, 0.0, np.where(x >= 3, 1.0, (2 * x + 3) / 6)),
               (-3.0, 3.0)),
    # Scaled to slope 1 at 0, the form with closed mean-field maps.
    Activation("erf", _erf, lambda x: np.exp(-math.pi / 4 * x * x), (), _erf_moments),
    Activation("sin", np.sin, np.cos, (),
               lambda q: (-math.expm1(-2 * q) / 2, (1 + math.exp(-2 * q)) / 2)),
    Activation("cos", np.cos, lambda x: -np.sin(x), (),
               lambda q: ((1 + math.exp(-2 * q)) / 2, -math.expm1(-2 * q) / 2)),
    Activation("exponential", np.exp, np.exp, (),
               lambda q: (math.exp(2 * q) if q < 350 else math.inf,) * 2),
    Activation("squared_relu", lambda x: np.maximum(x, 0) ** 2, lambda x: 2 * np.maximum(x, 0),
               (0.0,), lambda q: (1.5 * q * q, 2 * q)),
)  # fmt: skip
BY_NAME = {a.name: a for a in _TABLE}
_ALIASES = {
    "linear": "identity",
    "swish": "silu",
    "hard_swish": "hard_silu",
    "gelu_exact": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "exp": "exponential",
    "relu2": "squared_relu",
    "sine": "sin",
}
# Default negative slope; Keras's layers.LeakyReLU has 0.3 and activations.leaky_relu 0.2.
_LEAKY = {"leaky_relu": 0.01, "prelu": 0.25}


def key_of(name: str) -> str:
    """The name in lower case, without blanks, `_` and `-`."""
    return name.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


BY_KEY = {key_of(n): n for n in (*BY_NAME, *_LEAKY)} | {key_of(a): n for a, n in _ALIASES.items()}


def names() -> tuple[str, ...]:
    """All names of activations, aliases included."""
    load_entry_points(GROUP)
    return tuple(sorted({*BY_NAME, *_ALIASES, *_LEAKY}))


def activation_of(activation: Any, **parameters: float) -> Activation:
    """The `Activation` of a name or of an elementwise callable on arrays.

    A callable whose values are a named activation's, to the callable's own precision, is taken as
    that activation, with its kinks and float64 derivative. So a framework's float32 function loses
    nothing.

    Args:
        activation: A name in any framework's spelling, or a callable on arrays.
        parameters: `negative_slope` of a leaky ReLU (0.01) or PReLU (0.25); `alpha` of an ELU or
            CELU (1).

    Raises:
        TypeError: It is neither a name nor a callable on arrays.
        ValueError: The name is unknown or has no such parameter, or the callable is not
            elementwise or not finite.
    """
    if isinstance(activation, Activation):
        return activation
    if isinstance(activation, str):
        return _named(activation, parameters)
    if callable(activation) and not isinstance(activation, type):
        if parameters:
            raise ValueError(
                f"only a named activation has parameters, got {next(iter(parameters))!r} "
                "with a callable."
            )
        return _recognised(activation)
    raise TypeError(
        "an activation is a name or a callable on arrays, got "
        + (f"the class {activation.__name__}; make an instance of it."
           if isinstance(activation, type) else f"{type(activation).__name__}.")
    )  # fmt: skip


def _named(asked: str, parameters: dict[str, float]) -> Activation:
    if key_of(asked) not in BY_KEY:
        load_entry_points(GROUP)
    name = BY_KEY.get(key_of(asked))
    if name is None:
        raise ValueError(f"there is no activation {short_repr(asked)}{meant(asked, names())}")
    rest = dict(parameters)
    if name in _LEAKY:
        slope = rest.pop("negative_slope", _LEAKY[name])
        found = homogeneous(name, _finite(name, "negative_slope", slope), 1.0)
    elif name in ("elu", "celu") and "alpha" in rest:
        alpha = _finite(name, "alpha", rest.pop("alpha"))
        if name == "celu" and alpha <= 0:
            raise ValueError(f"celu needs alpha to be a finite number > 0, got {alpha:g}.")
        pair = _elu(alpha) if name == "elu" else _elu(alpha, width=alpha)
        found = Activation(name, *pair, (0.0,))
    else:
        found = BY_NAME[name]
    if rest:
        raise ValueError(f"{name} has no parameter {next(iter(rest))!r}.")
    return found


def _finite(name: str, parameter: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(
            f"{name} needs {parameter} to be a finite number, got {short_repr(value)}."
        )
    return number


def _recognised(function: Callable[..., Any]) -> Activation:
    found = measure(function)
    x, y = found.x, found.y
    right, left = (found.rounded(float(y[x == s][0]) * s) for s in (1.0, -1.0))
    for candidate in (homogeneous(found.name, left, right), *_TABLE):
        with np.errstate(all="ignore"):
            expected = candidate.value(x)
        if found.agrees(expected):
            return candidate
    derivative = slope_by_differences(found.value, found.kinks, found.eps)
    return Activation(found.name, found.value, derivative, found.kinks, eps=found.eps)
