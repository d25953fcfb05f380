"""What `initialize` did: every weight, its role, what it got and why."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..reports import ByPath, page, text
from ._plan import Assignment, Plan
from ._roles import ROLES

__all__ = ["Report"]

HEAD = ("weight", "shape", "role", "initializer", "why")


class Report(ByPath[Assignment]):
    """The assignments by path, as a table, a dict or a page.

    `print(report)` shows the table, a notebook shows the page, `report.save("init.html")` keeps it.

    Attributes:
        plan: What was applied.
        scales: Of a scheme that measures data, the factor of each kernel by path.
        scheme, seed, model: As they were given, and the model's name.
        network: Roles, branches and the traced graph.
        untouched: Paths of the weights that were left alone, with the reasons.
    """

    def __init__(self, plan: Plan, scales: Mapping[str, float]) -> None:
        super().__init__((a.weight.path, a) for a in plan.assignments)
        self.plan, self.scales = plan, dict(scales)
        self.network, self.model = plan.network, plan.model
        self.scheme, self.seed = plan.scheme, plan.seed

    @property
    def untouched(self) -> dict[str, str]:
        """Paths of the weights that were left alone, with the reasons."""
        return {path: a.why for path, a in self.items() if a.name is None}

    @property
    def by_name(self) -> tuple[str, ...]:
        """Paths of the weights whose role was guessed from their names."""
        return tuple(w.path for w in self.network.weights if w.by == "name")

    def to_dict(self) -> dict[str, Any]:
        """Everything, for JSON."""
        weights = {}
        for path, a in self.items():
            weights[path] = {
                "shape": list(a.weight.parameter.shape), "role": a.weight.role,
                "found_by": a.weight.by, "activation": a.weight.activation_name,
                "branch": a.weight.branch, "initializer": a.name,
                "parameters": {k: _plain(v) for k, v in a.parameters.items()},
                "key": a.key, "why": a.why, **(
                    {"scaled_by": self.scales[path]} if path in self.scales else {}),
            }  # fmt: skip
        return {
            "model": self.model, "scheme": _plain(self.scheme), "seed": self.seed,
            "branches": len(self.network.branches), "traced": self.network.graph.traced,
            "weights": weights,
        }  # fmt: skip

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Path, shape, role, what it got, why."""
        found = []
        for path, a in self.items():
            shape = " x ".join(map(str, a.weight.parameter.shape)) or "scalar"
            given = ", ".join(
                f"{k}={_short(v)}" for k, v in a.parameters.items()
                if k in SHOWN and v is not None and (k, v) != ("groups", 1)
            )  # fmt: skip
            got = "left alone" if a.name is None else f"{a.name}({given})"
            if path in self.scales:
                got += f" times {self.scales[path]:.4g}"
            role = a.weight.role + (" (by name)" if a.weight.by == "name" else "")
            found.append((path, shape, role, got, a.why))
        return found

    @property
    def headline(self) -> str:
        """One sentence."""
        left = len(self.untouched)
        line = (
            f"{self.model}: scheme {_plain(self.scheme)}, seed {self.seed}; "
            f"{len(self) - left} weights set, {left} left alone, "
            f"{len(self.network.branches)} residual branches"
        )
        if self.by_name:
            line += f"; the forward pass could not be traced ({self.network.graph.note}), so "
            line += "roles are guesses from names"
        return line

    def __str__(self) -> str:
        return f"{self.headline}\n\n{text(HEAD, self.rows())}"

    def __repr__(self) -> str:
        return f"<Report: {self.headline}>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{h}</th>" for h in HEAD)
        body = "".join(
            "<tr>" + f"<td><code>{escape(r[0])}</code></td><td>{escape(r[1])}</td>"
            f'<td title="{escape(ROLES.get(r[2].split(" ")[0], ""))}">{escape(r[2])}</td>'
            f"<td><code>{escape(r[3])}</code></td><td>{escape(r[4])}</td></tr>"
            for r in self.rows()
        )
        return (
            f"<p>{escape(self.headline)}</p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )

    def save(self, path: Any, **more: Any) -> None:
        """Write one page to `path`: this report, and under their names any others.

        `report.save("init.html", signals=signal_report(...), jacobian=jacobian_spectrum(...))`
        """
        body = self._repr_html_()
        for name, other in more.items():
            shown = getattr(other, "_repr_html_", None)
            if shown is None:
                raise TypeError(f"save needs reports, got {type(other).__name__} for {name}.")
            title = escape(name.replace("_", " ").capitalize())
            body += f'<section id="{escape(name)}"><h2>{title}</h2>{shown()}</section>'
        Path(path).write_text(page(f"Weights of {self.model}", body), "utf-8")


SHOWN = ("gain", "std", "scale", "density", "part", "base", "tau", "eps", "taps", "groups", "value")


def _short(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return getattr(value, "__name__", str(value))
