"""What a network does before training, measured: signals, Jacobians, orthogonality of its layers.

The adapters run the models, as `initcore.networks.TracedModel`; all arithmetic is here.
"""

from ._audit import Audit as Audit
from ._audit import TensorAudit as TensorAudit
from ._audit import audit as audit
from ._described import JACOBIAN_SPECTRUM as JACOBIAN_SPECTRUM
from ._described import ORTHOGONALITY as ORTHOGONALITY
from ._described import SIGNAL_REPORT as SIGNAL_REPORT
from ._judgement import Change as Change
from ._lanczos import quadrature as quadrature
from ._orthogonality import LayerSpectrum as LayerSpectrum
from ._orthogonality import Orthogonality as Orthogonality
from ._orthogonality import orthogonality as orthogonality
from ._orthogonality import singular_values as singular_values
from ._signal import signal_check as signal_check
from ._signal import signal_report as signal_report
from ._signal import too_many as too_many
from ._signal_report import LayerSignal as LayerSignal
from ._signal_report import SignalReport as SignalReport
from ._spectrum import MeasuredSpectrum as MeasuredSpectrum
from ._spectrum import jacobian_spectrum as jacobian_spectrum
from ._spectrum import spectrum_of as spectrum_of
