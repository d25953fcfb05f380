"""initcore for MLX: a drop-in for `mlx.nn.init`, and more.

Every function makes an initializer: `init(array, *, seed=None, key=None)` returns a new array.

>>> import mlx.core as mx
>>> import initcore_mlx as init
>>> w = init.orthogonal()(mx.zeros((3, 5)), seed=0)
>>> bool(mx.allclose(w @ w.T, mx.eye(3), atol=1e-6))
True
"""

try:
    import mlx.nn as _nn  # noqa: F401
except ModuleNotFoundError as e:  # pragma: no cover
    raise ModuleNotFoundError('MLX is missing: pip install "initcore[mlx]"', name="mlx") from e

from ._draw import Initializer as Initializer
from ._initialize import initialize as initialize
from ._initializers import constant as constant
from ._initializers import conv_orthogonal as conv_orthogonal
from ._initializers import delta_orthogonal as delta_orthogonal
from ._initializers import glorot_normal as glorot_normal
from ._initializers import glorot_uniform as glorot_uniform
from ._initializers import hadamard as hadamard
from ._initializers import he_normal as he_normal
from ._initializers import he_uniform as he_uniform
from ._initializers import identity as identity
from ._initializers import idinit as idinit
from ._initializers import idinit_zero as idinit_zero
from ._initializers import lecun_normal as lecun_normal
from ._initializers import lecun_uniform as lecun_uniform
from ._initializers import mirrored as mirrored
from ._initializers import normal as normal
from ._initializers import ones as ones
from ._initializers import orthogonal as orthogonal
from ._initializers import scaled_orthogonal as scaled_orthogonal
from ._initializers import sparse as sparse
from ._initializers import sparse_orthogonal as sparse_orthogonal
from ._initializers import truncated_normal as truncated_normal
from ._initializers import uniform as uniform
from ._initializers import variance_scaling as variance_scaling
from ._initializers import zeros as zeros
