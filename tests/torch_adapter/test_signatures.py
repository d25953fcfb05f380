"""What `help` and type checkers are told of the fills: signatures, few-valued arguments, docs."""

import copy
import inspect
import typing
from typing import Any

import pytest
import torch

import initcore_torch as init
from initcore import Part
from initcore.spec import Choice, specs

WHOLE = "seed=None, groups=1, transposed=False, batch=0"
DRAW = f"{WHOLE}, part=None"
SIGNATURES = {
    "approximate_isometry_": f"tensor, mask, gain=1.0, generator=None, *, steps=1000, {WHOLE}",
    "constant_": "tensor, val, *, part=None",
    "conv_orthogonal_": f"tensor, gain=1.0, generator=None, *, {DRAW}",
    "delta_orthogonal_": f"tensor, gain=1.0, generator=None, *, {DRAW}",
    "dirac_": "tensor, groups=1, *, part=None",
    "eye_": "tensor, *, part=None",
    "glorot_normal_": f"tensor, generator=None, *, {DRAW}",
    "glorot_uniform_": f"tensor, generator=None, *, {DRAW}",
    "hadamard_": "tensor, gain=1.0, *, groups=1, transposed=False, batch=0, part=None",
    "he_normal_": f"tensor, generator=None, *, {DRAW}",
    "he_uniform_": f"tensor, generator=None, *, {DRAW}",
    "identity_": "tensor, gain=1.0, *, groups=1, transposed=False, batch=0, part=None",
    "idinit_": f"tensor, tau=1.0, generator=None, *, noise=1e-06, taps='center', {DRAW}",
    "idinit_zero_": "tensor, eps=1e-06, *, taps='center', groups=1, transposed=False, batch=0, "
    "part=None",
    "kaiming_normal_": "tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None, "
    f"*, {DRAW}",
    "kaiming_uniform_": "tensor, a=0, mode='fan_in', nonlinearity='leaky_relu', generator=None, "
    f"*, {DRAW}",
    "lecun_normal_": f"tensor, generator=None, *, {DRAW}",
    "lecun_uniform_": f"tensor, generator=None, *, {DRAW}",
    "mirrored_": "tensor, gain=1.0, generator=None, *, part='hidden', base='orthogonal', "
    f"activation='relu', negative_slope=0.01, piece=None, {WHOLE}",
    "normal_": f"tensor, mean=0.0, std=1.0, generator=None, *, {DRAW}",
    "ones_": "tensor, *, part=None",
    "orthogonal_": f"tensor, gain=1.0, generator=None, *, {DRAW}",
    "scaled_orthogonal_": "tensor, gain=1.0, generator=None, *, narrowing='isometric', " + DRAW,
    "sparse_": "tensor, sparsity, std=0.01, generator=None, *, seed=None, part=None",
    "sparse_orthogonal_": "tensor, density, gain=1.0, generator=None, *, sampling='uniform', "
    f"tap_density='same', {DRAW}",
    "sparse_orthogonal_mask": "tensor, density, generator=None, *, sampling='uniform', "
    f"tap_density='same', {WHOLE}",
    "trunc_normal_": f"tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None, *, {DRAW}",
    "truncated_normal_": "tensor, mean=0.0, std=1.0, low=-2.0, high=2.0, generator=None, "
    f"*, {DRAW}",
    "uniform_": f"tensor, a=0.0, b=1.0, generator=None, *, {DRAW}",
    "variance_scaling_": "tensor, scale=1.0, mode='fan_in', distribution='truncated_normal', "
    f"generator=None, *, {DRAW}",
    "xavier_normal_": f"tensor, gain=1.0, generator=None, *, {DRAW}",
    "xavier_uniform_": f"tensor, gain=1.0, generator=None, *, {DRAW}",
    "zeros_": "tensor, *, part=None",
}
SHARED = {
    "generator": torch.Generator | None, "seed": int | None, "groups": int, "transposed": bool,
    "batch": int,
    "part": Part | None,
}  # fmt: skip


def test_every_fill_is_listed() -> None:
    fills = {n for n in vars(init) if n.endswith("_") and not n.startswith("_")}
    assert fills | {"sparse_orthogonal_mask"} == set(SIGNATURES)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_the_promised_ones(name: str) -> None:
    function = getattr(init, name)
    signature = inspect.signature(function)
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    assert str(signature.replace(parameters=bare)) == f"({SIGNATURES[name]}) -> torch.Tensor"
    for p in signature.parameters.values():
        assert (name, p.name) == ("mirrored_", "part") or (
            SHARED.get(p.name, p.annotation) == p.annotation
        ), f"{name}: {p}"
    assert copy.deepcopy(function) is function


@pytest.mark.parametrize("name", [n for n, text in SIGNATURES.items() if "*" in text])
def test_shared_arguments_are_described_once_in_the_section_of_arguments(name: str) -> None:
    text = inspect.getdoc(getattr(init, name))
    assert text is not None
    own = {"part"} if name == "mirrored_" else set()  # which part of the network
    takes = inspect.signature(getattr(init, name)).parameters
    shared = [n for n in SHARED if n in takes and n not in own]
    assert text.count("Args:\n") == 1
    arguments = text.partition("Args:\n")[2].partition("\n\n")[0].splitlines()
    named = [n for line in arguments if line[4] != " " for n in line.partition(":")[0].split(",")]
    described = [n.strip() for n in named]
    assert described[-len(shared) :] == shared
    parameters = list(inspect.signature(getattr(init, name)).parameters)
    assert set(described) | {"tensor"} == set(parameters) | {"tensor"}
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("name", "bad", "instead"),
    [("hadamard_", "seed", "it takes tensor, gain"),
     ("idinit_zero_", "generator", "it takes tensor"),
     ("sparse_", "groups", "it takes tensor, sparsity"), ("orthogonal_", "who", "it takes tensor"),
     ("normal_", "parameters", "it takes tensor, mean"),
     ("sparse_orthogonal_mask", "gain", "the shape fixes the size"),
     ("sparse_orthogonal_", "densty", "did you mean density")],
)  # fmt: skip
def test_keywords_of_other_functions_are_refused(name: str, bad: str, instead: str) -> None:
    t = torch.full((4, 4), 7.0)
    text = rf"^{name}\(\) got an unexpected keyword argument '{bad}'; {instead}"
    with pytest.raises(TypeError, match=text):
        getattr(init, name)(t, **{bad: None})
    assert (t == 7).all()


OTHER_NAMES = {"kaiming_normal_": "variance_scaling", "kaiming_uniform_": "variance_scaling",
               "sparse_orthogonal_mask": "sparse_orthogonal"}  # fmt: skip
CHOICES = [
    (function, spec, parameter)
    for function in SIGNATURES
    for spec in [specs.get(OTHER_NAMES.get(function, function[:-1]))]
    if spec is not None
    for parameter, domain in spec.parameters.items()
    if type(domain) is Choice and parameter in inspect.signature(getattr(init, function)).parameters
]


@pytest.mark.parametrize(("function", "spec", "parameter"), CHOICES)
def test_few_valued_arguments_are_literals_of_the_specs_options(
    function: str, spec: Any, parameter: str
) -> None:
    kind = inspect.signature(getattr(init, function)).parameters[parameter].annotation
    assert typing.get_origin(kind) is typing.Literal
    assert typing.get_args(kind) == spec.parameters[parameter].options


def test_every_choice_of_a_spec_is_looked_at() -> None:
    every = {(s.name, p) for s in specs.values() for p, d in s.parameters.items()
             if type(d) is Choice}  # fmt: skip
    assert every == {(spec.name, parameter) for _, spec, parameter in CHOICES}


def test_the_names_of_nonlinearities_are_pytorchs() -> None:
    (named, *_) = typing.get_args(
        inspect.signature(init.kaiming_normal_).parameters["nonlinearity"].annotation
    )
    assert set(typing.get_args(named)) == set(typing.get_args(torch.nn.init._NonlinearityType))
