"""Random ReLU networks of finite width: exact distributions, without any limit."""

from ._norm_law import NormLaw as NormLaw
from ._norm_law import mirrored_norm_law as mirrored_norm_law
from ._norm_law import relu_norm_law as relu_norm_law
from ._pair_law import PairLaw as PairLaw
from ._pair_law import relu_pair_law as relu_pair_law
