"""Neural-network weight initializers, written once against the Array API standard.

>>> import initcore
>>> w = initcore.orthogonal(initcore.Rng(0), (256, 128))
>>> w.shape, str(w.dtype)
((256, 128), 'float32')
"""

from typing import TYPE_CHECKING, Any

from . import density as density
from ._constant import constant as constant
from ._constant import ones as ones
from ._constant import zeros as zeros
from ._convolution import conv_orthogonal as conv_orthogonal
from ._distribution import normal as normal
from ._distribution import sparse as sparse
from ._distribution import truncated_normal as truncated_normal
from ._distribution import uniform as uniform
from ._gain import gain as gain
from ._hadamard import hadamard as hadamard
from ._identity import identity as identity
from ._idinit import idinit as idinit
from ._idinit import idinit_zero as idinit_zero
from ._isometry import approximate_isometry as approximate_isometry
from ._mirrored import mirrored as mirrored
from ._orthogonal import delta_orthogonal as delta_orthogonal
from ._orthogonal import orthogonal as orthogonal
from ._orthogonal import scaled_orthogonal as scaled_orthogonal
from ._rng import Rng as Rng
from ._sparse import sparse_orthogonal as sparse_orthogonal
from ._sparse import sparse_orthogonal_mask as sparse_orthogonal_mask
from ._spec import Spec as Spec
from ._spec import specs as specs
from ._variance import glorot_normal as glorot_normal
from ._variance import glorot_uniform as glorot_uniform
from ._variance import he_normal as he_normal
from ._variance import he_uniform as he_uniform
from ._variance import lecun_normal as lecun_normal
from ._variance import lecun_uniform as lecun_uniform
from ._variance import variance_scaling as variance_scaling

if TYPE_CHECKING:
    from . import theory as theory

__version__ = "0.1.0"

if not TYPE_CHECKING:  # else type checkers would take any name for one of ours

    def __getattr__(name: str) -> Any:
        if name == "theory":  # SciPy takes a while to import; only the theory needs all of it
            from importlib import import_module

            return import_module("initcore.theory")
        raise AttributeError(f"module 'initcore' has no attribute {name!r}")
