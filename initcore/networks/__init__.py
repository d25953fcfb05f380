"""Whole networks: what each weight is for, what a scheme gives it, and a report of both.

The adapters trace a model into a `Graph`; everything else happens here, the same for all of them.
"""

from ..reports import progress as progress
from ._graph import KINDS as KINDS
from ._graph import Graph as Graph
from ._graph import Node as Node
from ._graph import Parameter as Parameter
from ._measured import unit_variance_scale as unit_variance_scale
from ._plan import Assignment as Assignment
from ._plan import draw as draw
from ._plan import plan as plan
from ._report import Report as Report
from ._roles import ROLES as ROLES
from ._roles import Network as Network
from ._roles import Weight as Weight
from ._roles import describe_network as describe_network
from ._schemes import SCHEMES as SCHEMES
from ._schemes import needs_data as needs_data
