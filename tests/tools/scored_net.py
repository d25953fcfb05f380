"""A real net and a batch of digits whose weights the tests score, and a plain deep net."""

import torch
from sklearn.datasets import load_digits


class Net(torch.nn.Sequential):
    """Two convolutions with normalization between them, dropout, and a dense layer."""

    def __init__(self) -> None:
        super().__init__(
            torch.nn.Conv2d(1, 3, 3, stride=2),
            torch.nn.BatchNorm2d(3),
            torch.nn.Softplus(),
            torch.nn.Conv2d(3, 4, 2),
            torch.nn.Tanh(),
            torch.nn.Flatten(),
            torch.nn.Linear(16, 10),
        )


def batch(n: int = 20) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = load_digits(return_X_y=True)
    return torch.from_numpy(x[:n] / 16).view(-1, 1, 8, 8), torch.from_numpy(y[:n]).long()


def plain(depth: int, width: int) -> torch.nn.Sequential:
    """Convolutions that narrow: the wide layers have the small scores of one shot."""
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = [torch.nn.Conv2d(1, width, 3, padding=1), torch.nn.ReLU()]
    for i in range(depth):
        channels = [width, 2 * width] if i % 2 == 0 else [2 * width, width]
        layers += [torch.nn.Conv2d(*channels, 3, padding=1), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers, torch.nn.Flatten(), torch.nn.Linear(width * 64, 10))
