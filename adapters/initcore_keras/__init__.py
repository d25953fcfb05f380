"""initcore for Keras 3, on any of its backends: a drop-in for `keras.initializers`, and more.

An integer seed gives the same values at each call, on every backend and in every framework. Without
a seed every call gives new values, and `keras.utils.set_random_seed` makes them repeatable.

>>> import keras
>>> import initcore_keras
>>> w = keras.ops.convert_to_numpy(initcore_keras.Orthogonal(seed=0)((5, 3)))
>>> bool(abs(w.T @ w - keras.ops.convert_to_numpy(keras.ops.eye(3))).max() < 1e-6)
True
"""

try:
    import keras as _keras  # noqa: F401
except ModuleNotFoundError as error:  # pragma: no cover
    _missing = (error.name or "").partition(".")[0]
    raise ModuleNotFoundError(
        'initcore_keras needs Keras 3; install it with pip install "initcore[keras]"'
        if _missing == "keras"
        else f"initcore_keras needs a backend of Keras, and {_missing} is not installed; install "
        f"it with pip install {_missing}, or set KERAS_BACKEND to tensorflow, jax or torch, "
        "whichever is installed, before Keras is imported",
        name=error.name,
    ) from error

from keras.initializers import STFT as STFT
from keras.initializers import Initializer as Initializer
from keras.initializers import serialize as serialize

from initcore import Part as Part

from . import _running as _running
from ._basic import RandomNormal as RandomNormal
from ._basic import RandomUniform as RandomUniform
from ._basic import Sparse as Sparse
from ._basic import TruncatedNormal as TruncatedNormal
from ._constant import Constant as Constant
from ._constant import Ones as Ones
from ._constant import Zeros as Zeros
from ._crelu import crelu as crelu
from ._initializer import CoreInitializer as CoreInitializer
from ._lookup import deserialize as deserialize
from ._lookup import get as get
from ._masks import ApproximateIsometry as ApproximateIsometry
from ._masks import SparseMask as SparseMask
from ._masks import sparse_orthogonal_mask as sparse_orthogonal_mask
from ._papers import ConvOrthogonal as ConvOrthogonal
from ._papers import Hadamard as Hadamard
from ._papers import Idinit as Idinit
from ._papers import IdinitZero as IdinitZero
from ._papers import Mirrored as Mirrored
from ._papers import SparseOrthogonal as SparseOrthogonal
from ._structured import DeltaOrthogonal as DeltaOrthogonal
from ._structured import Identity as Identity
from ._structured import Orthogonal as Orthogonal
from ._structured import ScaledOrthogonal as ScaledOrthogonal
from ._variance import GlorotNormal as GlorotNormal
from ._variance import GlorotUniform as GlorotUniform
from ._variance import HeNormal as HeNormal
from ._variance import HeUniform as HeUniform
from ._variance import LecunNormal as LecunNormal
from ._variance import LecunUniform as LecunUniform
from ._variance import VarianceScaling as VarianceScaling
from .networks import initialize as initialize
from .networks import jacobian_spectrum as jacobian_spectrum
from .networks import orthogonality as orthogonality
from .networks import plan as plan
from .networks import signal_report as signal_report

# Keras's other spellings.
STFTInitializer = stft = STFT
IdentityInitializer = identity = Identity
OrthogonalInitializer = orthogonal = Orthogonal
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros
