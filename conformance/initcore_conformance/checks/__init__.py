"""What is checked, one noun a module. Each check has in the tests a fault that it must find."""

from ._check import Check
from ._complex import ComplexNumbers
from ._determinism import Determinism, Purity
from ._drop_in import DropIn
from ._invariants import AcrossSeeds, Groups, Invariants
from ._layers import Layers
from ._parts import Parts
from ._precision import LowPrecision
from ._reference import GoldenVectors, Reference
from ._rejection import Rejection
from ._seeds import Seeds
from ._shape import ShapeAndDtype

__all__ = ["CHECKS", "Check"]

CHECKS: tuple[Check, ...] = (
    ShapeAndDtype(),
    Invariants(),
    Groups(),
    AcrossSeeds(),
    Seeds(),
    Determinism(),
    Purity(),
    Reference(),
    GoldenVectors(),
    LowPrecision(),
    ComplexNumbers(),
    Parts(),
    Layers(),
    DropIn(),
    Rejection(),
)
"""All checks, in the order of the table."""
