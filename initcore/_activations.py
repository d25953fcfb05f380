"""Activations by name: value, derivative, and the points where either is not smooth.

`jax.nn`'s spelling is the name; PyTorch's and Keras's are aliases. Everything acts on float64 NumPy
arrays. Conventions that differ between libraries are stated where they stand.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Activation", "activation_of", "names"]

Elementwise = Callable[[Any], Any]


@dataclass(frozen=True)
class Activation:
    """An elementwise function with its derivative and kinks.

    Attributes:
        name: For error texts.
        value: The function.
        derivative: Its derivative, right-continuous at the kinks; None where it is not known.
        kinks: Points where the function or its derivative jumps.
    """

    name: str
    value: Elementwise
    derivative: Elementwise | None = None
    kinks: tuple[float, ...] = ()

    def slope(self, x: Any) -> Any:
        """The derivative, by central differences where it is not known."""
        if self.derivative is not None:
            return self.derivative(x)
        h = 1e-5 * np.maximum(1.0, abs(x))
        return (self.value(x + h) - self.value(x - h)) / (2 * h)


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


def _elu(alpha: float, scale: float = 1.0, width: float = 1.0) -> tuple[Elementwise, Elementwise]:
    """`scale * (x if x > 0 else alpha * (exp(x / width) - 1))` and its derivative."""
    return (
        lambda x: scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0) / width)),
        lambda x: scale * np.where(x >= 0, 1.0, alpha / width * np.exp(np.minimum(x, 0) / width)),
    )


def _mish_slope(x: Any) -> Any:
    t = np.tanh(_softplus(x))
    return t + x * (1 - t * t) * _sigmoid(x)


def _gelu_tanh(x: Any) -> Any:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _gelu_tanh_slope(x: Any) -> Any:
    c = math.sqrt(2 / math.pi)
    t = np.tanh(c * (x + 0.044715 * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * c * (1 + 3 * 0.044715 * x * x)


def _between(low: float, high: float) -> Elementwise:
    return lambda x: ((x >= low) & (x < high)).astype(np.float64)


# Klambauer et al. 2017, to double precision.
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

_TABLE = (
    Activation("identity", lambda x: x + 0.0, np.ones_like),
    Activation("relu", lambda x: np.maximum(x, 0.0), lambda x: (x >= 0).astype(float), (0.0,)),
    Activation("relu6", lambda x: np.clip(x, 0.0, 6.0), _between(0.0, 6.0), (0.0, 6.0)),
    Activation("elu", *_elu(1.0), (0.0,)),
    Activation("celu", *_elu(1.0), (0.0,)),
    Activation("selu", *_elu(SELU_ALPHA, SELU_SCALE), (0.0,)),
    Activation("gelu", lambda x: x * _cdf(x), lambda x: _cdf(x) + x * _pdf(x)),
    Activation("gelu_tanh", _gelu_tanh, _gelu_tanh_slope),
    Activation(
        "silu",
        lambda x: x * _sigmoid(x),
        lambda x: _sigmoid(x) * (1 + x * (1 - _sigmoid(x))),
    ),
    Activation("mish", lambda x: x * np.tanh(_softplus(x)), _mish_slope),
    Activation("softplus", _softplus, _sigmoid),
    Activation("soft_sign", lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2, (0.0,)),
    Activation("tanh", np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    Activation("sigmoid", _sigmoid, lambda x: _sigmoid(x) * (1 - _sigmoid(x))),
    Activation("log_sigmoid", lambda x: -_softplus(-x), lambda x: _sigmoid(-x)),
    Activation("hard_tanh", lambda x: np.clip(x, -1.0, 1.0), _between(-1.0, 1.0), (-1.0, 1.0)),
    # relu6(x + 3) / 6, as jax.nn, torch and Keras 3 have it.
    Activation(
        "hard_sigmoid",
        lambda x: np.clip(x + 3, 0, 6) / 6,
        lambda x: _between(-3.0, 3.0)(x) / 6,
        (-3.0, 3.0),
    ),
    Activation(
        "hard_silu",
        lambda x: x * np.clip(x + 3, 0, 6) / 6,
        lambda x: np.where(x < -3, 0.0, np.where(x >= 3, 1.0, (2 * x + 3) / 6)),
        (-3.0, 3.0),
    ),
    # Scaled to slope 1 at 0, the form with closed mean-field maps.
    Activation("erf", _erf, lambda x: np.exp(-math.pi / 4 * x * x)),
    Activation("sin", np.sin, np.cos),
    Activation("squared_relu", lambda x: np.maximum(x, 0) ** 2, lambda x: 2 * np.maximum(x, 0)),
)
_BY_NAME = {a.name: a for a in _TABLE}
_ALIASES = {
    "linear": "identity",
    "hardtanh": "hard_tanh",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_silu",
    "hard_swish": "hard_silu",
    "swish": "silu",
    "softsign": "soft_sign",
    "logsigmoid": "log_sigmoid",
    "gelu_new": "gelu_tanh",
    "gelu_exact": "gelu",
}


def names() -> tuple[str, ...]:
    """Every name an activation can be asked by."""
    return tuple(sorted({*_BY_NAME, *_ALIASES, "leaky_relu", "prelu"}))


def activation_of(activation: Any, **parameters: float) -> Activation:
    """The `Activation` of a name or of an elementwise callable on arrays.

    Args:
        activation: A name in any framework's spelling, or a callable on NumPy arrays.
        parameters: `negative_slope` of a leaky ReLU (0.01); `alpha` of an ELU (1).

    Raises:
        TypeError: It is neither a name nor a callable.
        ValueError: The name is unknown, or has no such parameter.
    """
    if isinstance(activation, Activation):
        return activation
    if callable(activation):
        return _wrap(activation)
    if not isinstance(activation, str):
        raise TypeError(
            f"an activation is a name or a callable on arrays, got {type(activation).__name__}."
        )
    name = activation.lower()
    name = _ALIASES.get(name, name)
    if name in ("leaky_relu", "prelu"):
        a = float(parameters.pop("negative_slope", 0.25 if name == "prelu" else 0.01))
        found = Activation(
            name, lambda x: np.where(x >= 0, x, a * x), lambda x: np.where(x >= 0, 1.0, a), (0.0,)
        )
    elif name in ("elu", "celu") and "alpha" in parameters:
        alpha = float(parameters.pop("alpha"))
        pair = _elu(alpha) if name == "elu" else _elu(alpha, width=alpha)
        found = Activation(name, *pair, (0.0,))
    elif name in _BY_NAME:
        found = _BY_NAME[name]
    else:
        import difflib

        near = difflib.get_close_matches(name, names(), n=3) or names()
        raise ValueError(
            f"there is no activation {activation!r}; did you mean {' or '.join(near)}?"
        )
    if parameters:
        raise ValueError(f"{name} has no parameter {next(iter(parameters))!r}.")
    return found


def _wrap(function: Callable[..., Any]) -> Activation:
    """`function` on float64 NumPy arrays, checked to be elementwise."""
    name = getattr(function, "__name__", type(function).__name__)

    def value(x: Any) -> Any:
        return np.asarray(function(np.asarray(x, dtype=np.float64)), dtype=np.float64)

    probe = np.array([-1.5, -0.25, 0.5, 2.0])
    try:
        together = value(probe)
    except Exception as error:
        raise TypeError(
            f"activation {name} cannot be called on a NumPy array ({error}); "
            "wrap it so that it takes and returns one."
        ) from error
    if together.shape != probe.shape or not np.isfinite(together).all():
        raise ValueError(f"activation {name} needs to map finite numbers to finite ones, one each.")
    alone = np.array([value(probe[i : i + 1])[0] for i in range(probe.size)])
    if abs(alone - together).max() > 1e-6 * (1 + abs(alone).max()):
        raise ValueError(f"activation {name} is not elementwise: its values depend on each other.")
    return Activation(name, value)
