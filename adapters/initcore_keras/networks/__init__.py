"""Whole Keras models: their graph, and every weight from its role."""

from ._initialize import initialize as initialize
from ._trace import trace as trace
