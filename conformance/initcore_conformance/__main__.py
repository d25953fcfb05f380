"""`python -m initcore_conformance BACKEND...` is `initcore conform BACKEND...`."""

import sys

from ._cli import main

sys.exit(main(sys.argv[1:], prog="python -m initcore_conformance"))
