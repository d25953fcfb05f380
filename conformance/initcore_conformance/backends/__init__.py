"""Backends that come with the suite: the core on two namespaces, and the peers."""

from ._array_api import numpy as numpy
from ._array_api import strict as strict
