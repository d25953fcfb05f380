"""The random stream: one integer seed, the same numbers in every framework.

>>> from initcore.random import Rng
>>> Rng(0).normal((2, 3)).shape
(2, 3)"""

from ._complex import DISK_STD as DISK_STD
from ._complex import disk as disk
from ._complex import truncated_disk as truncated_disk
from ._device import Constants as Constants
from ._device import DeviceDraw as DeviceDraw
from ._device import constants as constants
from ._device import register_device_draw as register_device_draw
from ._distribution import TRUNCATED_STD as TRUNCATED_STD
from ._distribution import Distribution as Distribution
from ._fill import cores as cores
from ._fill import on_numpy as on_numpy
from ._frames import draw_frames as draw_frames
from ._frames import has_frames as has_frames
from ._host_call import host_call as host_call
from ._native import is_compiled as is_compiled
from ._rng import Rng as Rng
from ._rng import check_rng as check_rng
from ._windows import Window as Window
