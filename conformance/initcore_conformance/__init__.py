"""The conformance suite: one set of properties, proved or refuted on every backend.

>>> from initcore_conformance import backends, conform
>>> results = conform([backends.numpy()], keyword="identity")
>>> results.ok, results.count("failed")
(True, 0)
"""

try:
    import hypothesis as _hypothesis  # noqa: F401
except ModuleNotFoundError as error:  # pragma: no cover
    raise ModuleNotFoundError(
        "initcore_conformance needs Hypothesis; "
        'install it with pip install "initcore[conformance]"',
        name=error.name,
    ) from error

from . import backends as backends
from ._backend import Backend as Backend
from ._backend import LayeredBackend as LayeredBackend
from ._case import Case as Case
from ._case import Failure as Failure
from ._from_function import of_jax as of_jax
from ._from_function import of_keras as of_keras
from ._from_function import of_numpy as of_numpy
from ._from_function import of_torch as of_torch
from ._load import load as load
from ._results import Outcome as Outcome
from ._results import Results as Results
from ._suite import conform as conform
from .checks import CHECKS as CHECKS
from .checks import Check as Check
