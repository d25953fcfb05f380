"""Activations: by name in any spelling or as callables, their Gaussian means and gains."""

from ._gain import gain as gain
from ._gaussian import REACH as REACH
from ._gaussian import X_ENDS as X_ENDS
from ._gaussian import breaks as breaks
from ._gaussian import legendre as legendre
from ._gaussian import mean as mean
from ._gaussian import normal_density as normal_density
from ._gaussian import rough_mean as rough_mean
from ._named import Activation as Activation
from ._named import activation_of as activation_of
from ._named import names as names
from ._named import register_converter as register_converter
from ._odd_part import SLOPES as SLOPES
from ._odd_part import odd_slope as odd_slope
from ._register import register as register
