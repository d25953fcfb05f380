"""What reports are made of: mappings by path, tables, pictures, pages, progress."""

from ._by_path import ByPath as ByPath
from ._page import page as page
from ._picture import picture as picture
from ._picture import svg as svg
from ._progress import progress as progress
from ._table import html as html
from ._table import text as text
