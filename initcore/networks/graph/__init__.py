"""A network as a graph of values, as an adapter records it and with every product resolved.

`resolve` turns a recorded graph into one of layers: it says of every product which axes of its
kernel are inputs, outputs and batches, and which row of the kernel makes each element.
"""

from ._builder import GraphBuilder as GraphBuilder
from ._elementwise import CLOSE as CLOSE
from ._elementwise import PROBES as PROBES
from ._elementwise import called as called
from ._elementwise import is_affine as is_affine
from ._elementwise import is_bounded as is_bounded
from ._elementwise import is_difference as is_difference
from ._elementwise import is_multiplication as is_multiplication
from ._elementwise import is_scaling as is_scaling
from ._elementwise import is_step as is_step
from ._elementwise import takes_signs as takes_signs
from ._elementwise import values_of as values_of
from ._graph import KINDS as KINDS
from ._graph import Graph as Graph
from ._graph import Node as Node
from ._graph import Parameter as Parameter
from ._graph import Product as Product
from ._moves import NOTHING as NOTHING
from ._moves import collapsed as collapsed
from ._moves import reshaped as reshaped
from ._moves import spread as spread
from ._moves import varies as varies
from ._repeats import Repeats as Repeats
from ._resolve import resolve as resolve
from ._resolve import uses_of as uses_of
from ._uncollected import uncollected as uncollected
from ._views import LIMIT as LIMIT
from ._views import moved as moved
