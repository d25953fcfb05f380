"""Array libraries and their dtypes: what the core knows of each, in one place."""

from ._complex import conjugate as conjugate
from ._dtype import COMPLEX as COMPLEX
from ._dtype import REAL as REAL
from ._dtype import check_out as check_out
from ._dtype import compute_dtype as compute_dtype
from ._dtype import dtype_name as dtype_name
from ._dtype import eps as eps
from ._dtype import is_complex as is_complex
from ._dtype import is_double as is_double
from ._dtype import real_of as real_of
from ._dtype import resolve as resolve
from ._library import device_of as device_of
from ._library import is_contiguous as is_contiguous
from ._library import is_jax as is_jax
from ._library import is_numpy as is_numpy
from ._library import is_torch as is_torch
from ._library import matmul as matmul
from ._library import namespace as namespace
from ._library import on_host as on_host
from ._memory import address_of as address_of
from ._memory import aligned_empty as aligned_empty
from ._memory import words_in as words_in
from ._to_numpy import to_numpy as to_numpy
from ._types import Array as Array
from ._types import Namespace as Namespace
from ._types import Shape as Shape
