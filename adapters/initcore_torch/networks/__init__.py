"""Whole models: traced into the core's graph, initialized, and looked at."""

from ._initialize import initialize as initialize
from ._trace import trace as trace
