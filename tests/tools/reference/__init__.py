"""The API reference: a page for each package, made from docstrings.

`docs/conf.py` writes the pages and completes the docstrings. `tests/test_reference.py` holds that
no public name and no parameter is left out.
"""

from ._constants import CONSTANTS as CONSTANTS
from ._descriptions import complete as complete
from ._descriptions import described as described
from ._descriptions import parameters as parameters
from ._descriptions import shorten as shorten
from ._descriptions import skip_member as skip_member
from ._pages import INTERNAL as INTERNAL
from ._pages import PACKAGES as PACKAGES
from ._pages import kind_of as kind_of
from ._pages import public_names as public_names
from ._pages import write_reference as write_reference
