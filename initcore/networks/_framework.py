"""What the core asks of a framework: the protocol that every adapter implements.

An adapter makes one `TracedModel` for each call of a public function, from the user's model and
what it is called with. `initialize` and the diagnostics do the rest, the same for all frameworks.
To add a framework, write a class with these members, then one-line public functions that hand it
to `initcore.networks.initialize`, `initcore.diagnostics.signal_report` and their like. A
`FillableModel`, the first seven members, is enough for `initialize`.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from ..arguments import one_line
from ._assignment import Assignment
from ._report import Report
from .graph import Graph

__all__ = [
    "FillableModel",
    "Linearized",
    "PlannedModel",
    "Recording",
    "SentModel",
    "SharedModel",
    "TracedModel",
    "as_call",
    "calling",
    "first_that_works",
]

T = TypeVar("T")
Result = TypeVar("Result", covariant=True)
Call = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Recording:
    """What one run of a model forward and backward shows, in float64 or complex128 NumPy.

    Attributes:
        signals: By the kernels' paths, each layer's output before its activation:
            `(inputs, ...)`.
        gradients: By the same paths, the gradients there; empty without derivatives.
        entering: The first floating-point input, None if there is none.
    """

    signals: Mapping[str, Any]
    gradients: Mapping[str, Any]
    entering: Any


@dataclass(frozen=True)
class Linearized:
    """The Jacobian of a model at its inputs, as products with float64 NumPy arrays.

    Attributes:
        shapes: Of the array that is differentiated by and of the output; the first axis of each
            counts the inputs.
        forward: Jacobian-vector products, `(k, *shapes[0]) -> (k, *shapes[1])`.
        backward: Vector-Jacobian products, `(k, *shapes[1]) -> (k, *shapes[0])`.
    """

    shapes: tuple[Sequence[int], Sequence[int]]
    forward: Callable[[Any], Any]
    backward: Callable[[Any], Any]


class FillableModel(Protocol[Result]):
    """A user's model, its weights described and fillable; `Result` is what `initialize` returns.

    Every member leaves the model, its buffers, modes and hooks as they were, except for `write` and
    `finish`. Errors name the public function that the user called.
    """

    @property
    def name(self) -> str:
        """The model's name, for reports."""

    @property
    def graph(self) -> Graph:
        """The traced model, in evaluation mode, or what its modules say of their weights.

        Raises:
            TypeError: It is not a model.
            ValueError: The model does not take its inputs.
        """

    @property
    def quantized(self) -> Sequence[str]:
        """Names of modules whose weights are packed integers, which nothing can fill."""

    @property
    def has_data(self) -> bool:
        """Whether the inputs were given by the user and are real numbers, not shapes.

        Only a `TracedModel` may say so.
        """

    def check_weight(self, path: str) -> None:
        """Raise a `TypeError` or `ValueError` unless the weight can be filled."""

    def write(self, assignment: Assignment, key: tuple[int, int]) -> None:
        """Draw a weight with the two words of its key, and write it."""

    def finish(self, report: Report) -> Result:
        """The report, with the new model where models are not written in place."""


class SharedModel(FillableModel[Result], Protocol[Result]):
    """A model whose weights can be written by several threads at once."""

    def beside(self, path: str) -> bool:
        """Whether a weight may be written while others are."""

    def pool(self) -> AbstractContextManager[Executor]:
        """Threads that write them, each on one core; where it ends, nothing is written any more."""


class SentModel(FillableModel[Result], Protocol[Result]):
    """A model whose processes share work: each makes some weights and sends the others their parts.

    All processes write the same weights in the same order.
    """

    def announce(self, coming: Sequence[tuple[Assignment, tuple[int, int]]]) -> None:
        """Take note of what will be written next: `coming` has the assignments and their keys."""


class PlannedModel(FillableModel[Result], Protocol[Result]):
    """A model, or what is here of one, that a plan made earlier is written into."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes of the weights that are here, of the whole where they are sharded, by path.

        Wrappers do not count as names. `check_weight`, `write` and `parts` take these paths.
        """

    def parts(self, path: str) -> Iterable[tuple[tuple[int, ...], Any, float]]:
        """What is here of a weight: offset, float64 or complex128 NumPy array, and the precision
        of its type.
        """


class TracedModel(FillableModel[Result], Protocol[Result]):
    """A user's model with what it is called with, which can be run and differentiated.

    `scale` is the only further member that changes the model.
    """

    # Weights, by their paths in the graph.

    def scale(self, path: str, factor: float) -> None:
        """Multiply a weight that has been written."""

    def restored_on_error(self, paths: Sequence[str]) -> AbstractContextManager[None]:
        """A context that gives weights their values back where its body raises."""

    def values(self, path: str) -> Any:
        """A weight in float64 or complex128 NumPy, in the framework's order of axes; None without
        values.
        """

    def bias(self, path: str) -> Any:
        """The bias that is added after the kernel `path`, in float64 NumPy; None without one."""

    # Runs, in evaluation mode.

    @property
    def float_inputs(self) -> Sequence[bool]:
        """For each array among the inputs, whether it holds floating-point numbers."""

    def run_scaled(self, paths: Collection[str], factor: Callable[[str, float], float]) -> None:
        """Run the model as if the kernels `paths` were multiplied by factors.

        At each of their layers `factor(path, variance)` is given the variance of the output, and
        the layer hands on its output as the scaled kernel would make it, bias unscaled.

        Raises:
            ValueError: One of the kernels cannot be scaled on its own.
        """

    def recorded(self, coefficients: Callable[[Sequence[int]], Any]) -> Recording:
        """Run the model forward, and backward from `sum(coefficients(y.shape) * y)`.

        Raises:
            TypeError: The output `y` is no floating-point array.
        """

    def linearized(self, at: int | None) -> AbstractContextManager[Linearized | None]:
        """The Jacobian by the array number `at` of the inputs, valid inside of the context.

        With `at=None` it is by what the first embedding makes of the inputs. None where there is
        no embedding, or where the output does not depend on that array.
        """


def as_call(sample: Any) -> Call:
    """A sample as positional and named arguments: an array, a tuple of them, or a mapping.

    Args:
        sample: One array, a tuple of positional or a mapping of named arguments.

    >>> as_call(1), as_call((1, 2)), as_call({"x": 1})
    (((1,), {}), ((1, 2), {}), ((), {'x': 1}))
    """
    if isinstance(sample, Mapping):
        return (), dict(sample)
    return (tuple(sample), {}) if isinstance(sample, (tuple, list)) else ((sample,), {})


@contextlib.contextmanager
def calling(who: str, model: str) -> Iterator[None]:
    """A context in which every error becomes one sentence: the model does not take its inputs."""
    try:
        yield
    except Exception as error:
        text = one_line(error)
        numpy = " (make arrays of NumPy tensors first: torch.from_numpy(array))"
        more = numpy if "must be Tensor, not numpy.ndarray" in text else ""
        raise ValueError(f"{who} could not call {model} with these inputs: {text}{more}") from error


def first_that_works(attempt: Callable[[Any], T], guesses: Iterable[Any]) -> tuple[T | None, str]:
    """The first result that does not raise, or None; and why there is none.

    Args:
        attempt: Function of a guess; it raises where the guess is wrong.
        guesses: Tried in order.

    >>> first_that_works(lambda x: 6 // x, [0, 2])
    (3, '')
    >>> first_that_works(lambda x: 6 // x, [0])[1].startswith("calling it with a guessed input")
    True
    """
    reason = "no input to call it with could be guessed"
    for guess in guesses:
        try:
            return attempt(guess), ""
        except Exception as error:
            lines = str(error).splitlines() or [type(error).__name__]
            reason = f"calling it with a guessed input failed: {lines[0][:120]}"
    return None, reason
