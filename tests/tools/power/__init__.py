"""Measures how small a fault the statistical checks find."""
