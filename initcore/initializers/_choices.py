"""The few values that some parameters take, as types: specifications and adapters read them."""

from typing import Literal

__all__ = ["Base", "Entries", "Mode", "Narrowing", "Part", "Sampling", "TapDensity", "Taps"]

Mode = Literal["fan_in", "fan_out", "fan_avg", "fan_geo_avg"]
Entries = Literal["truncated_normal", "normal", "uniform"]
Narrowing = Literal["isometric", "spectral"]
Taps = Literal["center", "corner", "patch"]
Part = Literal["first", "hidden", "last"]
Base = Literal[
    "orthogonal",
    "scaled_orthogonal",
    "delta_orthogonal",
    "conv_orthogonal",
    "identity",
    "idinit",
    "hadamard",
    "normal",
    "variance_scaling",
    "lecun_normal",
    "lecun_uniform",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
]
Sampling = Literal["uniform", "matching"]
TapDensity = Literal["same", "more"]
