"""Neural-network weight initializers, written once against the Array API standard.

>>> import initcore
>>> w = initcore.orthogonal(initcore.Rng(0), (256, 128))
>>> w.shape, str(w.dtype)
((256, 128), 'float32')
"""

from typing import TYPE_CHECKING, Any

from . import density as density
from .activations import gain as gain
from .initializers import approximate_isometry as approximate_isometry
from .initializers import constant as constant
from .initializers import conv_orthogonal as conv_orthogonal
from .initializers import delta_orthogonal as delta_orthogonal
from .initializers import glorot_normal as glorot_normal
from .initializers import glorot_uniform as glorot_uniform
from .initializers import hadamard as hadamard
from .initializers import he_normal as he_normal
from .initializers import he_uniform as he_uniform
from .initializers import identity as identity
from .initializers import idinit as idinit
from .initializers import idinit_zero as idinit_zero
from .initializers import lecun_normal as lecun_normal
from .initializers import lecun_uniform as lecun_uniform
from .initializers import mirrored as mirrored
from .initializers import normal as normal
from .initializers import ones as ones
from .initializers import orthogonal as orthogonal
from .initializers import scaled_orthogonal as scaled_orthogonal
from .initializers import sparse as sparse
from .initializers import sparse_orthogonal as sparse_orthogonal
from .initializers import sparse_orthogonal_mask as sparse_orthogonal_mask
from .initializers import truncated_normal as truncated_normal
from .initializers import uniform as uniform
from .initializers import variance_scaling as variance_scaling
from .initializers import zeros as zeros
from .random import Rng as Rng
from .spec import Part as Part
from .spec import Spec as Spec
from .spec import specs as specs

if TYPE_CHECKING:
    from . import theory as theory

__version__ = "0.1.0"

if not TYPE_CHECKING:  # else type checkers would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name == "theory":  # SciPy takes a while to import; only the theory needs all of it
            from importlib import import_module

            return import_module("initcore.theory")
        from .arguments import for_attribute

        known = [n for n in globals() if not n.startswith("_")]
        raise AttributeError(
            f"module 'initcore' has no attribute {name!r}{for_attribute(name, known)}"
        )
