"""Whole Keras models: their graph, and every weight from its role."""

from ._diagnostics import jacobian_spectrum as jacobian_spectrum
from ._diagnostics import orthogonality as orthogonality
from ._diagnostics import signal_report as signal_report
from ._initialize import initialize as initialize
from ._planned import plan as plan
from ._trace import trace as trace
