"""The plan of a network: which initializer each weight gets, decided before anything is drawn."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..arguments import short_repr
from ..reports import Printed
from ._applying import applier_of
from ._assignment import Assignment
from ._plan_json import assignment_of, fields_of, identity_of
from ._rows import HEAD, plain, rows, scheme_text
from ._rules import rule_of
from .graph import Graph
from .roles import Network

__all__ = ["Plan"]

FORMAT = 1  # of the JSON; a change that old files do not survive raises it


@dataclass(frozen=True)
class Plan(Printed):
    """The initializer of every weight of a network, as data, without values and without the model.

    It prints as the table that `initialize` reports. `apply` writes it into a model, with any
    sharding, or into a stage of it.

    Attributes:
        assignments: One for each weight, in the model's order.
        network: Roles, branches and the traced graph; only the weights if the plan was read from
        text.
        scheme, seed: As given.
        model: The model's name.
        needs_data: Whether the scheme measures a batch of real data when it is applied.
        output_variance: The variance of every layer's output on that batch, by scaling its kernel;
            None if nothing is scaled.
    """

    HEAD = HEAD

    assignments: tuple[Assignment, ...]
    network: Network
    scheme: Any
    seed: int
    model: str = ""
    needs_data: bool = False
    output_variance: float | None = None

    @property
    def scheme_name(self) -> str:
        """The scheme's name; for a scheme of the user, `"a mapping"` or the function's name."""
        if isinstance(self.scheme, Mapping):
            return "a mapping"
        if callable(self.scheme):
            return getattr(self.scheme, "__name__", "a function")
        return str(rule_of(self.scheme).name)

    @property
    def hash(self) -> str:
        """16 hexadecimal digits, a hash of everything on which the values depend, in any framework.

        That is the seed, and each weight's key, canonical sizes, initializer and parameters.
        """
        what = sorted(json.dumps(identity_of(a), sort_keys=True) for a in self.assignments)
        text = json.dumps([self.seed, self.output_variance, what])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def apply(self, model: Any, *, sample_input: Any = None) -> Any:
        """Write the plan into a model, or a part of it, and report it as `initialize` does.

        Args:
            model: The planned model, or one with the same names. On the meta device nothing is
                written; a sharded model gets each process's part; a stage of a pipeline gets its
                own weights. Wrappers of `torch.compile`, checkpointing and data
                parallelism do not count as names.
            sample_input: A batch of real data, for a scheme that measures it.

        Returns:
            What the adapter's `initialize` returns.

        Raises:
            TypeError: No adapter that knows this model has been imported.
            ValueError: The plan is of another model; nothing has been written.
        """
        return applier_of(model, "Plan.apply").apply(self, model, sample_input)

    def fingerprint(self, model: Any) -> str:
        """One line, the same for every sharding, stage and framework of the planned model.

        It is a proof: every weight of `model` is drawn again and compared first.

        Raises:
            TypeError: No adapter that knows this model has been imported.
            ValueError: A weight does not have its planned values, or the plan depends on data.
        """
        applier_of(model, "Plan.fingerprint").verify(self, model)
        return f"initcore plan {self.hash}"

    def to_json(self) -> str:
        """The plan as text, for other processes or for a file.

        Raises:
            TypeError: An initializer has a function as a parameter.
        """
        return json.dumps(
            {
                "initcore_plan": FORMAT, "model": self.model, "scheme": plain(self.scheme),
                "seed": self.seed, "needs_data": self.needs_data,
                "output_variance": self.output_variance, "hash": self.hash,
                "weights": [fields_of(a) for a in self.assignments],
            },
            indent=1,
        )  # fmt: skip

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """The plan that `to_json` wrote.

        Raises:
            TypeError: `text` is not text.
            ValueError: It is not a plan, of a newer format, or damaged.
        """
        if not isinstance(text, (str, bytes)):
            raise TypeError(f"Plan.from_json needs the text of a plan, got {short_repr(text)}.")
        try:
            given = json.loads(text)
            version = given["initcore_plan"]
        except (ValueError, TypeError, KeyError):
            raise ValueError(
                "Plan.from_json needs what Plan.to_json wrote, got other text."
            ) from None
        if version != FORMAT:
            raise ValueError(
                f"Plan.from_json reads format {FORMAT}, got format {short_repr(version)}; it needs "
                "another version of initcore."
            )
        try:
            made = tuple(map(assignment_of, given["weights"]))
            graph = Graph((), tuple(a.weight.parameter for a in made), False, "read from a file")
            scheme = given["scheme"]
            scheme = tuple(scheme) if isinstance(scheme, list) else scheme
            plan = cls(made, Network(graph, tuple(a.weight for a in made), ()), scheme,
                       given["seed"], given["model"], given["needs_data"],
                       given["output_variance"])  # fmt: skip
            damaged = plan.hash != given["hash"]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"Plan.from_json: the plan is damaged ({error}).") from error
        if damaged:
            raise ValueError("Plan.from_json: the plan is damaged, its hash does not fit.")
        return plan

    @property
    def headline(self) -> str:
        """One sentence."""
        left = sum(a.name is None for a in self.assignments)
        return (
            f"{self.model}: plan of scheme {scheme_text(self.scheme)}, seed {self.seed}; "
            f"{len(self.assignments) - left} weights planned, {left} left alone; {self.hash}"
        )

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Path, shape, role, initializer, reason."""
        return rows(self.assignments)

    def __repr__(self) -> str:
        return f"<Plan: {self.headline}>"
