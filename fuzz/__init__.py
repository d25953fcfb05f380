"""Coverage-guided fuzzing of the command line and of what the library reads: `make fuzz`.

An input is a line of words. A target runs one and raises `Finding` where the library answered with
anything but a result or one clear error. `tests/robustness/test_fuzz.py` replays all that was ever
found; docs/robustness.md says what that was.
"""
