"""The activation of CReLU networks."""

import torch
from torch import Tensor, nn

__all__ = ["CReLU"]


class CReLU(nn.Module):
    """`concat(relu(x), relu(-x))` along `dim`, the channels by default: twice as many.

    Behind it a kernel of `mirrored_(part="last")` acts on `x` as its half block does, so a network
    of such layers is linear at initialization.

    Args:
        dim: Axis of the channels.

    >>> CReLU(dim=0)(torch.tensor([2.0, -3.0])).tolist()
    [2.0, 0.0, 0.0, 3.0]
    """

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """The positive and the negative part, one after the other."""
        return torch.cat([x.relu(), (-x).relu()], dim=self.dim)

    def extra_repr(self) -> str:
        """The arguments, as `print` shows them."""
        return f"dim={self.dim}"
