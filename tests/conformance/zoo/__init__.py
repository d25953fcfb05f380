"""Wrong implementations, each with the check that is meant to find it."""

from . import arguments as arguments
from . import frames as frames
from . import layouts as layouts
from . import papers as papers
from . import precision as precision
from . import randomness as randomness
from . import variances as variances
from ._fault import FAULTS as FAULTS
from ._fault import Fault as Fault
