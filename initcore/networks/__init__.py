"""Whole networks: the role of each weight, its initializer in a scheme, and a report of both.

The adapters present a model as a `TracedModel`; everything else happens here, the same for all of
them. Other packages add schemes with the decorator `scheme`.
"""

from ._applying import Applier as Applier
from ._applying import register_applier as register_applier
from ._assignment import Assignment as Assignment
from ._assignment import Paths as Paths
from ._assignment import Piece as Piece
from ._described import INITIALIZE as INITIALIZE
from ._described import PLAN as PLAN
from ._described import Description as Description
from ._described import described as described
from ._drawing import draw as draw
from ._drawing import draw_with as draw_with
from ._framework import FillableModel as FillableModel
from ._framework import Linearized as Linearized
from ._framework import PlannedModel as PlannedModel
from ._framework import Recording as Recording
from ._framework import SentModel as SentModel
from ._framework import SharedModel as SharedModel
from ._framework import TracedModel as TracedModel
from ._framework import as_call as as_call
from ._framework import calling as calling
from ._framework import first_that_works as first_that_works
from ._initialize import apply_plan as apply_plan
from ._initialize import apply_to as apply_to
from ._initialize import initialize as initialize
from ._initialize import make_plan as make_plan
from ._initialize import verify as verify
from ._plan import Plan as Plan
from ._planning import plan as plan
from ._registry import SCHEMES as SCHEMES
from ._registry import SchemeSpec as SchemeSpec
from ._registry import scheme as scheme
from ._report import Report as Report
from ._rules import AskedScheme as AskedScheme
from ._rules import Overrides as Overrides
from ._rules import Rule as Rule
from ._rules import Scheme as Scheme
from .graph import KINDS as KINDS
from .graph import NOTHING as NOTHING
from .graph import Graph as Graph
from .graph import GraphBuilder as GraphBuilder
from .graph import Node as Node
from .graph import Parameter as Parameter
from .graph import Product as Product
from .graph import Repeats as Repeats
from .graph import reshaped as reshaped
from .graph import resolve as resolve
from .graph import spread as spread
from .graph import uncollected as uncollected
from .roles import LINEAR as LINEAR
from .roles import ROLES as ROLES
from .roles import Network as Network
from .roles import Weight as Weight
from .roles import describe_network as describe_network
