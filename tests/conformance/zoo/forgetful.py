"""Parameters that are taken and forgotten."""

from typing import Any

from initcore import specs
from tests.conformance.independent import Independent

from ._fault import fault

# The check meant to find it, by initializer and parameter. Gains are in `frames`; what `sampling`
# changes is not in the invariants, and `groups` has faults of its own.
FORGOTTEN = {
    "uniform": {"low": "invariants", "high": "statistics"},
    "normal": {"std": "statistics"},
    "truncated_normal": {"mean": "statistics", "std": "statistics", "low": "invariants",
                         "high": "invariants"},
    "sparse": {"std": "statistics"},
    "variance_scaling": {"scale": "statistics", "mode": "statistics", "distribution": "statistics"},
    "scaled_orthogonal": {"narrowing": "statistics"},
    "sparse_orthogonal": {"tap_density": "statistics"},
    "mirrored": {"base": "statistics", "activation": "statistics", "negative_slope": "statistics"},
    "idinit": {"tau": "invariants", "noise": "statistics", "taps": "statistics"},
    "idinit_zero": {"eps": "invariants", "taps": "invariants"},
}  # fmt: skip


def forgetful(parameter: str) -> type:
    """An implementation that checks the parameter and goes on with its default."""

    class Forgets(Independent):
        def clean(self, name: str, *args: Any) -> Any:
            p = super().clean(name, *args)
            return {**p, parameter: specs[name].defaults[parameter]} if parameter in p else p

    Forgets.__name__ = f"Forgets_{parameter}"
    Forgets.__doc__ = f"checks `{parameter}` and goes on with its default"
    return Forgets


for initializer, parameters in FORGOTTEN.items():
    for parameter, check in parameters.items():
        fault(initializer, check)(forgetful(parameter))
