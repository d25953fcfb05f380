"""Measures how often the suite reports a failure of a right implementation."""
