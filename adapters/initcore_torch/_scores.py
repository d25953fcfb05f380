"""Scores of the weights of an untrained model: SNIP, GraSP and SynFlow.

The model runs on copies of its parameters and buffers, so that nothing of it changes.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from initcore import density as core
from initcore.arguments import as_shape, one_line, short_repr

from ._tensor import check_module

__all__ = ["grasp", "masks_from_scores", "snip", "synflow"]

Scores = dict[str, Tensor]
Loss = Callable[[Any, Any], Tensor]
Names = Iterable[str]


def snip(
    model: nn.Module, loss: Loss, inputs: Any, targets: Any, *, parameters: Names | None = None
) -> Scores:
    """`|w * g|` by parameter, `g` the gradient of the loss: what the loss changes without `w`.

    To first order, and as the absolute value (Lee, Ajanthan and Torr 2019).

    Args:
        model: Left exactly as it was; it runs in the mode it is in.
        loss: Of the model's output and the targets, a scalar.
        inputs: The model's argument, a tuple of its arguments, or a mapping of named ones.
        targets: The loss's second argument.
        parameters: Names of the parameters to score; by default all with two or more axes.

    Raises:
        ValueError: A name is no parameter's, or there is none to score.
    """
    w, rest = _split("snip", model, parameters)
    with torch.enable_grad():
        value = _lost("snip", loss, _call("snip", model, w, rest, inputs), targets)
        g = torch.autograd.grad(value, list(w.values()), materialize_grads=True)
    return {name: (w[name].detach() * d).abs() for name, d in zip(w, g, strict=True)}


def grasp(
    model: nn.Module, loss: Loss, inputs: Any, targets: Any, *, parameters: Names | None = None
) -> Scores:
    """`w * (H g)` by parameter: half of what the squared gradient loses without `w`.

    To first order in `w`; `g` and `H` are of the loss in the scored weights. This is minus the
    score of Wang, Zhang and Grosse (2020), who remove what has the largest: so here too the
    largest are kept, and a negative one stands for a weight whose removal lets more gradient flow.
    Arguments and errors are those of `snip`.
    """
    w, rest = _split("grasp", model, parameters)
    # Only PyTorch's plain attention can be differentiated twice.
    plain = nn.attention.sdpa_kernel(nn.attention.SDPBackend.MATH)
    with torch.enable_grad(), plain:
        value = _lost("grasp", loss, _call("grasp", model, w, rest, inputs), targets)
        g = torch.autograd.grad(value, list(w.values()), create_graph=True, materialize_grads=True)
        flow = torch.stack([(d * d.detach()).sum() for d in g]).sum()
        hg = torch.autograd.grad(flow, list(w.values()), materialize_grads=True)
    return {name: w[name].detach() * d for name, d in zip(w, hg, strict=True)}


def synflow(
    model: nn.Module,
    shape: Iterable[int],
    density: float,
    *,
    rounds: int = 100,
    parameters: Names | None = None,
) -> Scores:
    """`w * dR/dw` by parameter, `R` the sum of what ones change in the outputs of zeros.

    With absolute values for all parameters. Needs no data, and leaves no layer empty: in a chain of
    ReLU layers the scores of each layer add up to `R`, and after each of `rounds` prunings, down to
    `density`, they are taken anew (Tanaka et al. 2020, whose `R` has what starts at the biases in
    it too; then the sums differ, and the layers in front of a bias may die). What was pruned on the
    way has score 0. The model runs in `eval` mode and in float64, where the sum of all paths does
    not overflow as soon.

    Args:
        model: Left exactly as it was.
        shape: Of the input, the batch axis included, such as `(1, 3, 32, 32)`.
        density: Fraction of weights to be kept in the end, in `(0, 1]`.
        rounds: Prunings, the last one of which is `masks_from_scores(scores, density)`.
        parameters: As in `snip`.

    Raises:
        OverflowError: The sum of all paths is too large even for float64.
        ValueError: As in `snip`.
    """
    sizes = as_shape(shape, who="synflow")
    check_module("synflow", model)
    with _evaluated(model):
        w, rest = _split("synflow", model, parameters, double=True)
        device = next(iter(w.values())).device
        ones = torch.ones(sizes, dtype=torch.float64, device=device)

        def score(masks: Mapping[str, Any]) -> Scores:
            found = {
                name: (v.detach() * torch.as_tensor(masks[name], device=v.device)).requires_grad_()
                for name, v in w.items()
            }
            with torch.enable_grad():
                of_ones = _call("synflow", model, found, rest, ones)
                total = (of_ones - _call("synflow", model, found, rest, 0 * ones)).sum()
                if not torch.isfinite(total):
                    raise OverflowError(
                        "synflow needs a model whose paths add up to a float64, got no finite sum."
                    )
                g = torch.autograd.grad(total, list(found.values()), materialize_grads=True)
            return {name: v.detach() * d for (name, v), d in zip(found.items(), g, strict=True)}

        everything = {name: torch.ones_like(v, dtype=torch.bool).numpy(force=True)
                      for name, v in w.items()}  # fmt: skip
        found: Scores = core.prune_in_rounds(score, everything, density, rounds)
    return found


def masks_from_scores(scores: Mapping[str, Tensor], density: float, *, least: Any = 0) -> Scores:
    """Booleans by parameter, true at the `round(density * total)` largest of all scores.

    On the devices of the scores; arguments and errors are those of
    `initcore.density.masks_from_scores`. `initcore.density.from_scores` takes the same scores.
    """
    if not isinstance(scores, Mapping) or not all(isinstance(s, Tensor) for s in scores.values()):
        raise TypeError(
            f"masks_from_scores needs a mapping from names to tensors, got {short_repr(scores)}."
        )
    found = core.masks_from_scores(scores, density, least=least)
    return {name: torch.from_numpy(m).to(scores[name].device) for name, m in found.items()}


def _split(
    who: str, model: nn.Module, names: Names | None, *, double: bool = False
) -> tuple[Scores, Scores]:
    """Copies of the parameters to be scored, which want gradients, and of all other tensors."""
    check_module(who, model)
    every = dict(model.named_parameters())
    wanted = [n for n, p in every.items() if p.ndim > 1] if names is None else list(names)
    unknown = [n for n in wanted if n not in every]
    if unknown or not wanted:
        what = f"no parameter of the name {short_repr(unknown[0])}" if unknown else "none"
        raise ValueError(f"{who} needs parameters of the model to score, got {what}.")

    def copy(tensor: Tensor) -> Tensor:
        kind = torch.float64 if double and tensor.is_floating_point() else tensor.dtype
        return tensor.detach().to(kind, copy=True)

    scored = set(wanted)
    rest = {n: copy(p) for n, p in every.items() if n not in scored}
    if double:
        rest = {n: p.abs() for n, p in rest.items()}
    rest |= {n: copy(b) for n, b in model.named_buffers()}
    w = {n: copy(every[n]) for n in every if n in scored}
    return {n: (v.abs() if double else v).requires_grad_() for n, v in w.items()}, rest


def _call(who: str, model: nn.Module, w: Scores, rest: Scores, inputs: Any) -> Any:
    tensors = {**rest, **w}
    try:
        if isinstance(inputs, Mapping):
            return functional_call(model, tensors, (), dict(inputs))
        return functional_call(model, tensors, inputs)
    except Exception as error:
        raise ValueError(
            f"{who} could not call {type(model).__name__} with these inputs: {one_line(error)}"
        ) from error


def _lost(who: str, loss: Loss, output: Any, targets: Any) -> Tensor:
    """The loss, a scalar that depends on the weights."""
    try:
        value = loss(output, targets)
    except Exception as error:
        raise ValueError(
            f"{who} could not call the loss with the model's output and these targets: "
            f"{one_line(error)}"
        ) from error
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
        raise ValueError(
            f"{who} needs a loss that is one number and depends on the weights, "
            f"got {short_repr(value)}."
        )
    return value


@contextlib.contextmanager
def _evaluated(model: nn.Module) -> Iterator[None]:
    """`model.eval()` for a while; each part's mode comes back."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, mode in modes:
            part.training = mode
