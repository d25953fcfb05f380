"""What is watched while a network is trained, and why training stops.

The adapters take the numbers from a running step; what they are, and how they are told, is here.
"""

from ._look import Look as Look
from ._measures import dead_units as dead_units
from ._measures import largest_singular_value as largest_singular_value
from ._measures import mean_square as mean_square
from ._measures import typical_singular_value as typical_singular_value
from ._not_finite import NotFiniteError as NotFiniteError
