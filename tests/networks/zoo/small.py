"""Networks of a page, in plain PyTorch, of kinds that libraries do not have."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

__all__ = ["ZOO"]


class Unet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, 2, 1)
        self.up, self.c = nn.ConvTranspose2d(16, 8, 2, 2), nn.Conv2d(16, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        skip = F.relu(self.a(x))
        return self.c(torch.cat([skip, self.up(F.relu(self.b(skip)))], 1))


class Vae(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.e, self.both = nn.Linear(12, 16), nn.Linear(16, 8)
        self.d, self.o = nn.Linear(4, 16), nn.Linear(16, 12)

    def forward(self, x: Tensor) -> Tensor:
        mean, log_variance = self.both(torch.tanh(self.e(x))).chunk(2, -1)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        return self.o(torch.tanh(self.d(z)))


class Generator(nn.Module):
    """A GAN's generator that starts at a constant, modulated by a style."""

    def __init__(self) -> None:
        super().__init__()
        self.start, self.style = nn.Parameter(torch.zeros(1, 8, 4, 4)), nn.Linear(6, 16)
        self.norm, self.conv, self.rgb = nn.InstanceNorm2d(8), nn.Conv2d(8, 8, 3, padding=1), (
            nn.Conv2d(8, 3, 1)
        )  # fmt: skip

    def forward(self, z: Tensor) -> Tensor:
        scale, shift = self.style(z)[..., None, None].chunk(2, 1)
        h = F.leaky_relu(self.conv(self.start.expand(len(z), -1, -1, -1)), 0.2)
        return self.rgb(self.norm(h) * (1 + scale) + shift)


class Attention(nn.Module):
    """A graph attention layer: the scores are a small product of pairs."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Linear(5, 8, bias=False)
        self.left, self.right = nn.Linear(8, 1), nn.Linear(8, 1)
        self.o = nn.Linear(8, 2)

    def forward(self, x: Tensor, edges: Tensor) -> Tensor:
        h = self.w(x)
        scores = F.leaky_relu(self.left(h) + self.right(h).mT, 0.2)
        return self.o(F.elu(scores.masked_fill(edges == 0, -1e9).softmax(-1) @ h))


class Equilibrium(nn.Module):
    """A deep equilibrium model, by ten steps."""

    def __init__(self) -> None:
        super().__init__()
        self.u, self.w, self.o = nn.Linear(6, 8), nn.Linear(8, 8, bias=False), nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        z = torch.zeros(len(x), 8)
        for _ in range(10):
            z = torch.tanh(self.w(z) + self.u(x))
        return self.o(z)


class Squeeze(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.down, self.up = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1)
        self.o = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = F.silu(self.a(x))
        gate = torch.sigmoid(self.up(F.relu(self.down(h.mean((2, 3), keepdim=True)))))
        return self.o((h * gate).mean((2, 3)))


class Sine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(2, 16), nn.Linear(16, 16), nn.Linear(16, 1)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers[:-1]:
            x = torch.sin(layer(x))
        return self.layers[-1](x)


ZOO: dict[str, tuple[Any, Any, str]] = {
    "U-Net": (Unet, torch.zeros(1, 3, 8, 8), """
        *.bias bias
        a.weight first relu
        b.weight hidden relu
        up.weight transposed
        c.weight output
    """),
    "VAE": (Vae, torch.zeros(2, 12), """
        *.bias bias
        e.weight first tanh
        both.weight hidden + hidden activation
        d.weight hidden tanh
        o.weight output
    """),
    "GAN, constant start": (Generator, torch.zeros(2, 6), """
        *.bias bias
        start latent
        style.weight modulation + modulation
        conv.weight first leaky_relu
        rgb.weight output
    """),
    "GAT": (Attention, (torch.zeros(4, 5), torch.eye(4)), """
        *.bias bias
        w.weight first
        left.weight hidden leaky_relu
        right.weight hidden leaky_relu
        o.weight output
    """),
    "deep equilibrium": (Equilibrium, torch.zeros(2, 6), """
        *.bias bias
        u.weight recurrent tanh
        w.weight recurrent tanh
        o.weight output
    """),
    "squeeze and excite": (Squeeze, torch.zeros(1, 3, 8, 8), """
        *.bias bias
        a.weight first silu
        down.weight hidden relu
        up.weight gate sigmoid
        o.weight output
    """),
    "SIREN": (Sine, torch.zeros(4, 2), """
        *.bias bias
        layers.0.weight first sin
        layers.1.weight hidden sin
        layers.2.weight output
    """),
}  # fmt: skip
