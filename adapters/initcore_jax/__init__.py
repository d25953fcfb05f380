"""initcore for JAX: a drop-in for `jax.nn.initializers`, and more.

Every function makes an initializer `init(key, shape, dtype=None, out_sharding=None)`. The key's two
words are the key of the stream, which is JAX's own: where the algorithm is the same (`normal`,
`uniform`, `variance_scaling`, ...), so are the numbers. Kernels are drawn in the order
`(out, in, *k)` and turned to JAX's `(*k, in, out)`: they are the same weights in every framework.

>>> import jax
>>> import initcore_jax
>>> w = initcore_jax.orthogonal()(jax.random.key(0), (3, 5))
>>> bool(abs(w @ w.T - jax.numpy.eye(3)).max() < 1e-6)
True
"""

try:
    import jax as _jax  # noqa: F401
except ModuleNotFoundError as error:  # pragma: no cover
    raise ModuleNotFoundError(
        'initcore_jax needs JAX; install it with pip install "initcore[jax]"', name="jax"
    ) from error

from initcore import Part as Part

from ._basic import normal as normal
from ._basic import sparse as sparse
from ._basic import truncated_normal as truncated_normal
from ._basic import uniform as uniform
from ._constant import constant as constant
from ._constant import ones as ones
from ._constant import ones_init as ones_init
from ._constant import zeros as zeros
from ._constant import zeros_init as zeros_init
from ._crelu import crelu as crelu
from ._init import rng as rng
from ._initializer import Initializer as Initializer
from ._libraries import equinox as equinox
from ._libraries import haiku as haiku
from ._masks import apply_masks as apply_masks
from ._masks import approximate_isometry as approximate_isometry
from ._masks import keep_masks as keep_masks
from ._masks import sparse_orthogonal_mask as sparse_orthogonal_mask
from ._papers import conv_orthogonal as conv_orthogonal
from ._papers import hadamard as hadamard
from ._papers import idinit as idinit
from ._papers import idinit_zero as idinit_zero
from ._papers import mirrored as mirrored
from ._papers import sparse_orthogonal as sparse_orthogonal
from ._scores import densities_from_scores as densities_from_scores
from ._scores import grasp as grasp
from ._scores import masks_from_scores as masks_from_scores
from ._scores import snip as snip
from ._scores import synflow as synflow
from ._structured import delta_orthogonal as delta_orthogonal
from ._structured import identity as identity
from ._structured import orthogonal as orthogonal
from ._structured import scaled_orthogonal as scaled_orthogonal
from ._variance import glorot_normal as glorot_normal
from ._variance import glorot_uniform as glorot_uniform
from ._variance import he_normal as he_normal
from ._variance import he_uniform as he_uniform
from ._variance import kaiming_normal as kaiming_normal
from ._variance import kaiming_uniform as kaiming_uniform
from ._variance import lecun_normal as lecun_normal
from ._variance import lecun_uniform as lecun_uniform
from ._variance import variance_scaling as variance_scaling
from ._variance import xavier_normal as xavier_normal
from ._variance import xavier_uniform as xavier_uniform
from .networks import initialize as initialize
from .networks import jacobian_spectrum as jacobian_spectrum
from .networks import orthogonality as orthogonality
from .networks import plan as plan
from .networks import signal_report as signal_report
