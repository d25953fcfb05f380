"""Pictures of the theory, as matplotlib figures (the `plot` extra)."""

from ._norm_law import norm_law as norm_law
from ._phase import phase_diagram as phase_diagram
from ._spectrum import spectrum as spectrum
from ._style import BLUE as BLUE
from ._style import GREEN as GREEN
from ._style import ORANGE as ORANGE
from ._style import blank as blank
