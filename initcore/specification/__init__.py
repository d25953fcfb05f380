"""The specification as a document: data, a schema, golden vectors, pages.

Everything is made from `initcore.specs`, but for the golden vectors: they are frozen, so that no
change of the code can change what a seed means without anybody seeing it.
"""

from ._data import VERSION as VERSION
from ._data import as_data as as_data
from ._golden import Golden as Golden
from ._golden import extended as extended
from ._golden import golden as golden
from ._golden import renewed as renewed
from ._pages import pages as pages
from ._pages import write_pages as write_pages
from ._schema import SCHEMA as SCHEMA
