"""What callers give: numbers, shapes and seeds checked, and shown in one short line in errors."""

from ._checks import as_float as as_float
from ._checks import as_shape as as_shape
from ._checks import check_real as check_real
from ._checks import key_of_seed as key_of_seed
from ._text import one_line as one_line
from ._text import short_repr as short_repr
