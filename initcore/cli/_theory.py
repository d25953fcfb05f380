"""`initcore gain`, `critical`, `phase`, `spectrum` and `norm-law`: theory at the terminal."""

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import gain as gain_of
from .. import theory
from ..arguments import short_repr
from ..reports import text
from ..theory.finite_width._arguments import DEEPEST
from ._files import whole

__all__ = ["Json", "Plot", "register", "show"]

RANKS = (0.05, 0.5, 0.95)
Activation = Annotated[str, typer.Argument(metavar="ACTIVATION", help="A name, e.g. tanh or gelu.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]
Plot = Annotated[Path | None, typer.Option(help="Write a picture: FILE.png, .svg or .pdf.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    for command in (gain, critical, phase, spectrum, norm_law):
        app.command()(command)


def show(values: Any, as_json: bool) -> None:
    """Print names and values, a line each or as JSON."""
    if as_json:
        print(json.dumps(values))
        return
    width = max(map(len, values))
    for name, value in values.items():
        print(f"{name.ljust(width)}  {_text(value)}")


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_text, value)) or "none"
    return "none" if value is None else str(value)


def save(figure: Any, path: Path) -> None:
    """Write the figure. A file that does not end as a picture is a `ValueError`."""
    endings = figure.canvas.get_supported_filetypes()
    if path.suffix[1:] not in endings:
        raise ValueError(
            f"--plot needs a file ending in {', '.join(sorted(endings))}, "
            f"got {short_repr(str(path))}."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as file:
        figure.savefig(file, format=path.suffix[1:], dpi=144)


def gain(
    activations: Annotated[
        list[str], typer.Argument(metavar="ACTIVATION...", help="Names, e.g. tanh or gelu.")
    ],
    as_json: Json = False,
) -> None:
    """The gain 1 / sqrt(E phi(z)**2) of each activation: it keeps the second moment."""
    gains = [(name, gain_of(name)) for name in activations]
    found = [{"activation": name, "gain": g, "variance factor": g**2} for name, g in gains]
    if len(found) == 1 or as_json:
        show(found[0] if len(found) == 1 else found, as_json)
        return
    rows = [tuple(_text(value) for value in values.values()) for values in found]
    print(text(tuple(found[0]), rows))


def critical(
    activation: Activation,
    q: Annotated[float | None, typer.Option(help="Mean square of the pre-activations.")] = None,
    depth: Annotated[
        int | None, typer.Option(help="Number of layers, from which q is found.")
    ] = None,
    variance: Annotated[
        float, typer.Option(help="Variance of the squared singular values.")
    ] = 0.25,
    as_json: Json = False,
    plot: Plot = None,
) -> None:
    """The critical point for a mean square q or a depth: gain of orthogonal weights, and biases."""
    if (q is None) == (depth is None):
        raise ValueError("critical needs --q or --depth, one of them.")
    if q is None:
        assert depth is not None
        found = theory.isometric(activation, depth, variance)
        values = {"sigma_w": found.gain, "sigma_b": found.sigma_b, "q": found.q}
    else:
        values = dict(theory.critical_point(activation, q)._asdict())
    show({"activation": activation, **values}, as_json)
    if plot is not None:
        from ..plots import phase_diagram

        save(phase_diagram(activation, (values["sigma_w"], values["sigma_b"])), plot)


def phase(
    activation: Activation,
    sigma_w: Annotated[
        float, typer.Option(help="Standard deviation of weights times root of fan-in.")
    ],
    sigma_b: Annotated[float, typer.Option(help="Standard deviation of biases.")] = 0.0,
    as_json: Json = False,
    plot: Plot = None,
) -> None:
    """Whether a deep network is ordered, critical or chaotic, with its fixed points and scales."""
    points = theory.fixed_points(activation, sigma_w, sigma_b)
    values: dict[str, Any] = {
        "activation": activation,
        "phase": theory.phase(activation, sigma_w, sigma_b),
        "fixed points q": [p.q for p in points],
        "stable": [bool(p.stable) for p in points],
    }
    stable = [p for p in points if p.stable and p.q > 0]
    if stable:
        q = stable[-1].q
        values["susceptibility"] = theory.susceptibility(activation, q, sigma_w)
    show(values, as_json)
    if plot is not None:
        from ..plots import phase_diagram

        save(phase_diagram(activation, (sigma_w, sigma_b)), plot)


def spectrum(
    activation: Activation,
    depth: Annotated[int, typer.Option(help="Number of layers.")],
    q: Annotated[
        float | None,
        typer.Option(help="Mean square of the pre-activations; by default the one for --variance."),
    ] = None,
    variance: Annotated[
        float, typer.Option(help="Variance from which q is found if it is not given.")
    ] = 0.25,
    weights: Annotated[str, typer.Option(help="orthogonal or gaussian.")] = "orthogonal",
    as_json: Json = False,
    plot: Plot = None,
) -> None:
    """The squared singular values of a deep Jacobian: edges, atoms, variance, quantiles."""
    from ..activations import activation_of

    if q is None and activation_of(activation).slopes is None:
        q = theory.q_for_depth(activation, depth, variance, weights=weights)
    found = theory.jacobian_spectrum(activation, depth, q=q, weights=weights)
    values = {
        "activation": activation, "depth": depth, "weights": weights, "q": q,
        "variance": found.variance, "edges": None if found.edges is None else list(found.edges),
        "atoms": [list(atom) for atom in found.atoms],
        "quantiles .05 .5 .95": [float(found.quantile(r)) for r in RANKS],
    }  # fmt: skip
    if not as_json:
        atoms = [f"{mass:.6g} at {place:.6g}" for place, mass in found.atoms]
        values["atoms"] = ", ".join(atoms) or "none"
    show(values, as_json)
    if plot is not None:
        from .. import plots

        save(plots.spectrum(activation, depth, q=q, weights=weights), plot)


def norm_law(
    widths: Annotated[str, typer.Argument(metavar="WIDTHS", help="E.g. 100x50, or 64,32,10.")],
    sigma_w: Annotated[
        float | None,
        typer.Option(help="Standard deviation of the weights; by default He's, sqrt(2 / width)."),
    ] = None,
    sigma_b: Annotated[float, typer.Option(help="Standard deviation of the biases.")] = 0.0,
    input_norm: Annotated[float, typer.Option(help="Norm of the input.")] = 1.0,
    mirrored: Annotated[
        bool, typer.Option("--mirrored", help="Gaussian half blocks and their mirror images.")
    ] = False,
    as_json: Json = False,
    plot: Plot = None,
) -> None:
    """The exact distribution of the squared norm of a random ReLU network's output."""
    make = theory.mirrored_norm_law if mirrored else theory.relu_norm_law
    law = make(_widths(widths), sigma_w=sigma_w, sigma_b=sigma_b, input_norm=input_norm)
    values = {
        "widths": widths, "mean (= mean field)": law.mean, "deviation": math.sqrt(law.variance),
        "atom at zero": law.atom_at_zero,
        "quantiles .05 .5 .95": [float(law.quantile(r)) for r in RANKS],
        "below a hundredth of the mean": law.cdf(law.mean / 100), "error of cdf": law.error,
    }  # fmt: skip
    show(values, as_json)
    if plot is not None:
        from .. import plots

        save(plots.norm_law(law), plot)


def _widths(text: str) -> list[int]:
    """`64,32,10`, and `100x50` for fifty layers of a hundred units."""
    parts = [part.lower().partition("x") for part in text.split(",")]
    try:
        counted = [(int(width), int(layers or 1)) for width, _, layers in parts]
        if min(count for _, count in counted) < 1:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"norm-law needs WIDTHS like 64,32,10 or 100x50, got {short_repr(text)}."
        ) from None
    if (layers := sum(count for _, count in counted)) > DEEPEST:
        raise ValueError(f"norm-law needs at most {DEEPEST} layers, got {short_repr(layers)}.")
    return [width for width, count in counted for _ in range(count)]
