"""Whole models: traced into the core's graph, and initialized."""

from ._initialize import initialize as initialize
