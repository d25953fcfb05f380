"""Whole networks: the role of each weight, its initializer in a scheme, and a report of both.

The adapters present a model as a `TracedModel`; everything else happens here, the same for all of
them. Other packages add schemes with the decorator `scheme`.
"""

from ._activation import LINEAR as LINEAR
from ._applying import Applier as Applier
from ._applying import register_applier as register_applier
from ._assignment import Assignment as Assignment
from ._assignment import Overrides as Overrides
from ._assignment import Paths as Paths
from ._assignment import Piece as Piece
from ._builder import GraphBuilder as GraphBuilder
from ._described import INITIALIZE as INITIALIZE
from ._described import PLAN as PLAN
from ._described import Description as Description
from ._described import described as described
from ._drawing import draw as draw
from ._drawing import draw_with as draw_with
from ._finder import describe_network as describe_network
from ._framework import FillableModel as FillableModel
from ._framework import Linearized as Linearized
from ._framework import PlannedModel as PlannedModel
from ._framework import Recording as Recording
from ._framework import TracedModel as TracedModel
from ._framework import as_call as as_call
from ._framework import calling as calling
from ._framework import first_that_works as first_that_works
from ._graph import KINDS as KINDS
from ._graph import Graph as Graph
from ._graph import Node as Node
from ._graph import Parameter as Parameter
from ._graph import Product as Product
from ._initialize import apply_plan as apply_plan
from ._initialize import apply_to as apply_to
from ._initialize import initialize as initialize
from ._initialize import make_plan as make_plan
from ._initialize import verify as verify
from ._moves import NOTHING as NOTHING
from ._moves import reshaped as reshaped
from ._moves import spread as spread
from ._plan import Plan as Plan
from ._planning import plan as plan
from ._registry import SCHEMES as SCHEMES
from ._registry import SchemeSpec as SchemeSpec
from ._registry import scheme as scheme
from ._report import Report as Report
from ._resolve import resolve as resolve
from ._roles import ROLES as ROLES
from ._roles import Network as Network
from ._roles import Weight as Weight
from ._rules import Rule as Rule
from ._rules import Scheme as Scheme
