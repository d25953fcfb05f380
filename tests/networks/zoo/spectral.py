"""Neural operators with complex weights, in plain PyTorch."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["ZOO"]


class Spectral(nn.Module):
    """A matrix for each of the lowest frequencies (Li et al., 2021)."""

    def __init__(self, width: int, modes: int, real: bool) -> None:
        super().__init__()
        self.modes, self.real = modes, real
        weight = torch.randn(width, width, modes, dtype=torch.complex64) / width
        self.weight = nn.Parameter(torch.view_as_real(weight) if real else weight)

    def forward(self, x: Tensor) -> Tensor:
        weight = torch.view_as_complex(self.weight) if self.real else self.weight
        seen = torch.fft.rfft(x)
        made = torch.zeros_like(seen)
        made[..., : self.modes] = torch.einsum("bik,iok->bok", seen[..., : self.modes], weight)
        return torch.fft.irfft(made, n=x.shape[-1])


class Operator(nn.Module):
    """Layers of all frequencies beside pointwise ones."""

    def __init__(self, real: bool = False) -> None:
        super().__init__()
        self.lift, self.out = nn.Conv1d(2, 8, 1), nn.Conv1d(8, 1, 1)
        self.spectral = nn.ModuleList([Spectral(8, 4, real) for _ in range(3)])
        self.local = nn.ModuleList([nn.Conv1d(8, 8, 1) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        h = self.lift(x)
        for spectral, local in zip(self.spectral, self.local, strict=True):
            h = F.gelu(spectral(h) + local(h))
        return self.out(h)


SIGNAL = torch.linspace(-9, 9, 64).sin().view(2, 2, 16)
TABLE = """
    *.bias                   bias
    lift.weight              first
    local.?.weight           hidden gelu
    spectral.?.weight        {}
    out.weight               output
"""

ZOO: dict[str, tuple[Any, Any, str]] = {
    "Fourier operator": (Operator, SIGNAL, TABLE.format("4 x hidden gelu")),
    # The two parts of a complex number are no axis that is summed over, or counts kernels.
    "Fourier operator, of parts": (lambda: Operator(True), SIGNAL, TABLE.format("other")),
}  # fmt: skip
