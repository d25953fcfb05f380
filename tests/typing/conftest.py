"""The user's program is for type checkers; nothing imports it."""

collect_ignore = ["consumer.py"]
