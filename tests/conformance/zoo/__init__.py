"""Wrong implementations, each with the check that is meant to find it."""

from . import arguments as arguments
from . import complex_numbers as complex_numbers
from . import convolutions as convolutions
from . import forgetful as forgetful
from . import frames as frames
from . import identities as identities
from . import layouts as layouts
from . import mirrors as mirrors
from . import names_jax as names_jax
from . import names_torch as names_torch
from . import parts as parts
from . import precision as precision
from . import randomness as randomness
from . import sparsity as sparsity
from . import variances as variances
from ._fault import FAULTS as FAULTS
from ._fault import HANGS as HANGS
from ._fault import Fault as Fault
