"""What reports are made of: tables, pages, progress."""

from ._page import page as page
from ._progress import progress as progress
from ._table import html as html
from ._table import text as text
