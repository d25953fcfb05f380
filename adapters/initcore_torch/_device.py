"""Draws on CUDA devices by one fused kernel, where Triton is installed."""

import contextlib
import functools
import importlib.util
import os
import warnings
from typing import Any

import numpy as np
import torch
from torch import Tensor

from initcore.arguments import one_line
from initcore.random import Distribution, Window

__all__ = ["draw_on_device", "launch"]

BLOCK = 256  # elements of a program
AXES = 3  # over which runs repeat, at most
_OFF: list[bool] = []  # not empty where the kernel could not be compiled
KINDS = (torch.float32, torch.float16, torch.bfloat16)


def draw_on_device(
    key: tuple[int, int], numbers: Distribution, window: Window, device: Any, dtype: Any, out: Any
) -> Tensor | None:
    """A flat tensor of what is drawn, `out` itself if it is given; None where there is no kernel.

    Args:
        key: The two words.
        numbers: What is made of the bits.
        window: Which elements of the stream.
        device, dtype: Of the tensor.
        out: A contiguous tensor of them to write into.
    """
    if _OFF or torch.compiler.is_compiling() or dtype not in KINDS or len(window.rows) > AXES:
        return None
    if not (out.is_cuda if out is not None else torch.device(device or "cpu").type == "cuda"):
        return None
    kernel = _kernel()
    if kernel is None or not window.size:
        return None
    x = torch.empty(window.size, dtype=dtype, device=device) if out is None else out
    if type(x) not in (Tensor, torch.nn.Parameter):  # of a mode without memory, or traced
        return None
    here = x.device.index == torch.cuda.current_device()
    with contextlib.nullcontext() if here else torch.cuda.device(x.device):
        try:
            launch(kernel, x, key, numbers, window)
        except Exception as error:  # Triton compiles at the first launch of each kind
            warnings.warn(
                f"draws on {x.device} by array operations, for Triton cannot compile the kernel: "
                f"{one_line(error)}",
                stacklevel=2,
            )
            _OFF.append(True)
            return None
    return x


def launch(
    kernel: Any, x: Tensor, key: tuple[int, int], numbers: Distribution, window: Window
) -> None:
    """Fill the contiguous tensor `x`."""
    form = numbers.native
    rows = [n for row in reversed(window.rows) for n in row] + [1, 0] * (AXES - len(window.rows))
    start = window.start - (1 << 64) if window.start >= 1 << 63 else window.start
    words = (int(np.uint32(word).view(np.int32)) for word in key)
    flat = (window.start, window.step, window.size) == (0, 1, window.run) and window.size < 1 << 31
    kernel[((window.size + BLOCK - 1) // BLOCK,)](
        x, window.size, start, window.run, window.step, *rows, *words,
        form.low, form.span, min(form.edge, numbers.largest_below_one), form.first, form.last,
        form.scale, numbers.shift,
        AXES=len(window.rows), FLAT=flat, DYADIC=bool(form.dyadic), NORMAL=bool(form.normal),
        ENDS=bool(form.ends), SCALED=numbers.scale != 1.0, SHIFTED=numbers.shift != 0.0,
        BLOCK=BLOCK, enable_fp_fusion=False,
    )  # fmt: skip


@functools.cache
def _kernel() -> Any:
    """The kernel, or None where Triton is not installed or does not work here."""
    if importlib.util.find_spec("triton") is None or os.environ.get("INITCORE_NO_TRITON"):
        return None
    try:
        from ._triton_kernel import draw
    except Exception:  # an installation without a working driver, say
        return None
    return draw
