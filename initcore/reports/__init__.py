"""What reports are made of: mappings by path, tables, pictures, pages, progress."""

from ._by_path import ByPath as ByPath
from ._by_path import frame as frame
from ._chart import Curve as Curve
from ._chart import histogram as histogram
from ._chart import lines as lines
from ._chart import network_map as network_map
from ._chart import ranges as ranges
from ._fold import Fold as Fold
from ._fold import block_of as block_of
from ._fold import folded as folded
from ._page import banner as banner
from ._page import fragment as fragment
from ._page import page as page
from ._printed import Printed as Printed
from ._progress import progress as progress
from ._table import html as html
from ._table import text as text
