"""The specifications as plain data, for JSON."""

import inspect
import math
from typing import Any

from ..arrays import REAL
from ..spec import Choice, Domain, Integer, Real, Spec, specs

__all__ = ["VERSION", "as_data", "definition"]

VERSION = "1.0"

STREAM = {
    "cipher": "Threefry-2x32, 20 rounds (Salmon et al., SC 2011)",
    "key": "the high and the low 32 bits of the seed",
    "bits": "element i of an array of 32-bit words is a xor b, of 64-bit words (a << 32) | b, "
    "where (a, b) is the cipher of (i >> 32, i mod 2**32): jax.random.bits with "
    "jax_threefry_partitionable",
    "uniform": "float32 from the upper 23 bits of a word, float64 from the upper 52 bits of two",
    "normal": "sqrt(2) erfinv(u), u uniform on (-1, 1), as jax.random.normal",
}


def as_data() -> dict[str, Any]:
    """The whole specification, of the form that `SCHEMA` describes.

    >>> as_data()["initializers"]["orthogonal"]["parameters"]["gain"]["default"]
    1.0
    """
    return {
        "specification": "initcore",
        "version": VERSION,
        "layout": "kernels are (out, in, *spatial); fan_in is in * prod(spatial)",
        "dtypes": list(REAL),
        "stream": STREAM,
        "initializers": {name: _initializer(s) for name, s in specs.items() if s.builtin},
    }


def definition(spec: Spec) -> str:
    """The words of the function's docstring between its first line and its arguments."""
    text = inspect.getdoc(spec.function) or ""
    body = text.partition("\n\n")[2]
    return body.partition("Args:")[0].partition(">>>")[0].partition("Raises:")[0].strip()


def _initializer(spec: Spec) -> dict[str, Any]:
    return {
        "statement": spec.statement,
        "definition": definition(spec),
        "shape": {
            "least_axes": spec.shape.low,
            "most_axes": spec.shape.high,
            "what": spec.shape.what,
            "condition": spec.shape.reason,
        },
        "parameters": {
            name: _parameter(domain, spec.defaults, name)
            for name, domain in spec.parameters.items()
        },
        "random": spec.random,
        "invariants": [str(invariant) for invariant in spec.invariants],
        "source": spec.source,
    }


def _parameter(domain: Domain, defaults: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"unit": domain.unit, "domain": str(domain)}
    if isinstance(domain, Real):
        found["kind"] = "real"
        found["finite"] = domain.finite
        for end, at, open_ in (
            ("low", domain.low, domain.open_low),
            ("high", domain.high, domain.open_high),
        ):
            if math.isfinite(at):
                found[end] = {"value": at, "included": not open_}
    elif isinstance(domain, Integer):
        found |= {"kind": "integer", "low": {"value": domain.low, "included": True}}
    else:
        found |= {"kind": "choice", "options": list(getattr(domain, "options", ()))}
        if not isinstance(domain, Choice):
            found["callable"] = True
    if name in defaults:
        found["default"] = _plain(defaults[name])
    else:
        found["required"] = True
    return found


def _plain(value: Any) -> Any:
    """Infinities have no JSON."""
    if isinstance(value, float) and math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return value
