"""`python -m initcore` is the `initcore` command."""

from .cli import main

main()
