"""The orthogonal kernels of dks for PyTorch (`pip install dks`) as a backend."""

from functools import partial

from dks.pytorch.parameter_sampling_functions import scaled_uniform_orthogonal_

from initcore_conformance import of_torch

# All taps of a kernel, not the centre one alone, are what `scaled_orthogonal` specifies.
backend = of_torch(
    partial(scaled_uniform_orthogonal_, delta=False), "scaled_orthogonal", dtypes=("float32",)
)
