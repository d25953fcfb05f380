"""initcore for PyTorch: a drop-in for `torch.nn.init`, and more.

Every function fills its tensor in place without recording gradients and returns it. With `seed=` a
tensor gets the values of that seed, the same in every framework; without, one 64-bit number is
taken from `generator` (PyTorch's default CPU generator if None), so `torch.manual_seed` works.

>>> import torch
>>> import initcore_torch as init
>>> w = init.orthogonal_(torch.empty(3, 5), seed=0)
>>> bool(torch.allclose(w @ w.T, torch.eye(3), atol=1e-6))
True
"""

try:
    import torch as _torch  # noqa: F401
except ModuleNotFoundError as error:  # pragma: no cover
    raise ModuleNotFoundError(
        'initcore_torch needs PyTorch; install it with pip install "initcore[torch]"', name="torch"
    ) from error

from initcore import Part as Part

from ._basic import constant_ as constant_
from ._basic import normal_ as normal_
from ._basic import ones_ as ones_
from ._basic import sparse_ as sparse_
from ._basic import trunc_normal_ as trunc_normal_
from ._basic import truncated_normal_ as truncated_normal_
from ._basic import uniform_ as uniform_
from ._basic import zeros_ as zeros_
from ._crelu import CReLU as CReLU
from ._deprecated import constant as constant
from ._deprecated import dirac as dirac
from ._deprecated import eye as eye
from ._deprecated import kaiming_normal as kaiming_normal
from ._deprecated import kaiming_uniform as kaiming_uniform
from ._deprecated import normal as normal
from ._deprecated import orthogonal as orthogonal
from ._deprecated import sparse as sparse
from ._deprecated import uniform as uniform
from ._deprecated import xavier_normal as xavier_normal
from ._deprecated import xavier_uniform as xavier_uniform
from ._gain import calculate_gain as calculate_gain
from ._masks import approximate_isometry_ as approximate_isometry_
from ._masks import sparse_orthogonal_mask as sparse_orthogonal_mask
from ._papers import conv_orthogonal_ as conv_orthogonal_
from ._papers import hadamard_ as hadamard_
from ._papers import idinit_ as idinit_
from ._papers import idinit_zero_ as idinit_zero_
from ._papers import mirrored_ as mirrored_
from ._papers import sparse_orthogonal_ as sparse_orthogonal_
from ._private import _calculate_correct_fan as _calculate_correct_fan
from ._private import _calculate_fan_in_and_fan_out as _calculate_fan_in_and_fan_out
from ._private import _FanMode as _FanMode
from ._private import _no_grad_fill_ as _no_grad_fill_
from ._private import _no_grad_normal_ as _no_grad_normal_
from ._private import _no_grad_trunc_normal_ as _no_grad_trunc_normal_
from ._private import _no_grad_uniform_ as _no_grad_uniform_
from ._private import _no_grad_zero_ as _no_grad_zero_
from ._private import _NonlinearityType as _NonlinearityType
from ._scores import grasp as grasp
from ._scores import masks_from_scores as masks_from_scores
from ._scores import snip as snip
from ._scores import synflow as synflow
from ._script import operators as _operators  # noqa: F401
from ._sparse_training import apply_masks as apply_masks
from ._sparse_training import remove_masks as remove_masks
from ._sparse_training import to_sparse as to_sparse
from ._structured import delta_orthogonal_ as delta_orthogonal_
from ._structured import dirac_ as dirac_
from ._structured import eye_ as eye_
from ._structured import identity_ as identity_
from ._structured import orthogonal_ as orthogonal_
from ._structured import scaled_orthogonal_ as scaled_orthogonal_
from ._variance import glorot_normal_ as glorot_normal_
from ._variance import glorot_uniform_ as glorot_uniform_
from ._variance import he_normal_ as he_normal_
from ._variance import he_uniform_ as he_uniform_
from ._variance import lecun_normal_ as lecun_normal_
from ._variance import lecun_uniform_ as lecun_uniform_
from ._variance import variance_scaling_ as variance_scaling_
from ._xavier import kaiming_normal_ as kaiming_normal_
from ._xavier import kaiming_uniform_ as kaiming_uniform_
from ._xavier import xavier_normal_ as xavier_normal_
from ._xavier import xavier_uniform_ as xavier_uniform_
from .networks import initialize as initialize
from .networks import jacobian_spectrum as jacobian_spectrum
from .networks import orthogonality as orthogonality
from .networks import plan as plan
from .networks import signal_report as signal_report
