"""What must be true of an initializer's results, as objects that look for a violation.

`invariant.violation(w, xp=..., **parameters)` takes a canonical kernel `(out, in, *spatial)` and
the parameters it was drawn with, and returns None, or a sentence that says what is wrong, by
how much, and how much is allowed. A grouped kernel is that many independent samples, so statistical
invariants gain power from `groups`.

Exact invariants allow rounding: a formula in the eps of the dtype and the size. Statistical ones
raise a false alarm with a probability below `FALSE_ALARM` a statistic.

>>> import numpy as np
>>> Isometry().violation(np.eye(3), gain=1.0) is None
True
>>> Isometry().violation(np.diag([1.0, 1.0, 0.9]), gain=1.0)
'W W^T / gain^2 is 0.19 off the identity, allowed 4.38e-15'
"""

import warnings
from typing import Any

from ..spec import Invariant as Invariant
from ._conv_isometry import ConvIsometry as ConvIsometry
from ._conv_isometry import HaarSum as HaarSum
from ._conv_isometry import TapEnergies as TapEnergies
from ._haar import Haar as Haar
from ._identity import FullRank as FullRank
from ._identity import HadamardRows as HadamardRows
from ._identity import NearZero as NearZero
from ._identity import RepeatsIdentity as RepeatsIdentity
from ._independent import HasLaw as HasLaw
from ._isometry import Isometry as Isometry
from ._mirror import Mirrored as Mirrored
from ._pairing import RotationPairing as RotationPairing
from ._sparsity import Density as Density
from ._sparsity import Unbiased as Unbiased
from ._statistics import FALSE_ALARM as FALSE_ALARM
from ._statistics import SIGMAS as SIGMAS
from ._structure import PreservesIdentity as PreservesIdentity
from ._structure import SingleTap as SingleTap
from ._values import Bounded as Bounded
from ._values import ColumnSparse as ColumnSparse
from ._values import Filled as Filled

RENAMED = {"Follows": "HasLaw", "Paired": "RotationPairing"}


def __getattr__(name: str) -> Any:
    if name in RENAMED:
        warnings.warn(
            f"initcore.invariants.{name} is now {RENAMED[name]}; the old name goes in version 0.3.",
            DeprecationWarning,
            stacklevel=2,
        )
        return globals()[RENAMED[name]]
    raise AttributeError(f"module 'initcore.invariants' has no attribute {name!r}")
