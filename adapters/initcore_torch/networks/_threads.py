"""Weights of a model are written side by side, each by a thread that has one core."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import torch
from torch import Tensor

from initcore.random import cores

from .._tensor import is_plain

__all__ = ["is_alone", "threads"]


def is_alone(tensor: Tensor) -> bool:
    """Whether another thread may write a tensor: its own memory on the host, seen by no mode."""
    modes = torch._C._len_torch_dispatch_stack() + torch._C._len_torch_function_stack()
    return cores() > 1 and not modes and is_plain(tensor) and tensor.device.type == "cpu"


@contextlib.contextmanager
def threads() -> Iterator[Executor]:
    """A thread for each core. What has not begun when the context ends by an error never does.

    Products of matrices are shared out badly among threads, and rounded otherwise than by one.
    """
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(cores(), "initcore", torch.set_num_threads, (1,))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(before)  # of threads to come; the setting is mostly a thread's own
