"""What a network does before training, measured: signals, Jacobians, orthogonality of its layers.

The adapters bring products and values; all arithmetic on them is here.
"""

from ._lanczos import quadrature as quadrature
from ._orthogonality import LayerSpectrum as LayerSpectrum
from ._orthogonality import Orthogonality as Orthogonality
from ._orthogonality import orthogonality as orthogonality
from ._orthogonality import singular_values as singular_values
from ._signal import LayerSignal as LayerSignal
from ._signal import SignalReport as SignalReport
from ._signal import coefficients as coefficients
from ._signal import signal_report as signal_report
from ._signal import variances as variances
from ._spectrum import MeasuredSpectrum as MeasuredSpectrum
from ._spectrum import spectrum_of as spectrum_of
