"""The same for PyTorch, in place."""

import torch


def orthogonal_(tensor, gain=1.0, generator=None):
    """Fill a weight with orthogonal rows or columns."""
    with torch.no_grad():
        flat = tensor.flatten(1)
        fine = torch.promote_types(tensor.dtype, torch.float32)
        wide = torch.randn(flat.shape, generator=generator, dtype=fine)
        q, r = torch.linalg.qr(wide if len(flat) >= flat.shape[1] else wide.T)
        q = q * torch.diagonal(r).sign()
        tensor.copy_(gain * (q if len(flat) >= flat.shape[1] else q.T).reshape(tensor.shape))
    return tensor
