"""The report of `initialize`: every weight with its role, its initializer and the reason."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..reports import ByPath, banner, block_of, network_map, page
from ._assignment import Assignment
from ._plan import Plan
from ._rows import HEAD, plain, rows, scheme_text

__all__ = ["Report"]


class Report(ByPath[Assignment]):
    """The assignments by path, as a table, a dict or a page.

    `print(report)` shows the table, a notebook shows the page, and `report.save("init.html")`
    writes it.

    Attributes:
        plan: The plan that was applied.
        scales: For a scheme that measures data, the factor of each kernel by path; `unscaled` has
            the kernels without one.
        scheme, seed, model: As given, and the model's name.
        network: Roles, branches and the traced graph.
        signals: The `diagnostics.SignalReport` of one run forward and backward afterwards; a
            sentence if the run failed, None without a check.
        untouched: Paths of the weights that were left alone, with the reasons.
        not_finite: Names of weights and buffers that no scheme sets and that have NaN or infinity,
            as uninitialized memory may.
        unwritten: Paths of the weights that have no memory yet, and are only planned.
    """

    HEAD = HEAD

    def __init__(
        self, plan: Plan, scales: Mapping[str, float], unwritten: tuple[str, ...] = ()
    ) -> None:
        super().__init__((a.weight.path, a) for a in plan.assignments)
        self.plan, self.scales = plan, dict(scales)
        self.network, self.model = plan.network, plan.model
        self.scheme, self.seed, self.unwritten = plan.scheme, plan.seed, unwritten
        self.not_finite: tuple[str, ...] = ()
        self.signals: Any = None

    @property
    def untouched(self) -> dict[str, str]:
        """Paths of the weights that were left alone, with the reasons."""
        return {path: a.why for path, a in self.items() if a.name is None}

    @property
    def unscaled(self) -> tuple[str, ...]:
        """For a scheme that measures data, the kernels that it could not scale."""
        if self.plan.output_variance is None:
            return ()
        return tuple(path for path, a in self.items() if a.name is not None
                     and path not in self.scales
                     and a.weight.parameter.kind in ("kernel", "recurrent"))  # fmt: skip

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
                "parameters": {k: plain(v) for k, v in a.parameters.items()},
                "key": a.key, "why": a.why, **(
                    {"pieces": [{"role": p.role, "rows": [list(r) for r in p.rows],
                                 "initializer": p.name, "why": p.why,
                                 "parameters": {k: plain(v) for k, v in p.parameters.items()}}
                                for p in a.pieces]} if a.pieces else {}), **(
                    {"scaled_by": self.scales[path]} if path in self.scales else {}),
            }  # fmt: skip
        return {
            "model": self.model, "scheme": plain(self.scheme), "seed": self.seed,
            "branches": len(self.network.branches), "traced": self.network.graph.traced,
            "weights": weights,
            "signals": self.signals if isinstance(self.signals, (str, type(None)))
            else self.signals.to_dict(),
        }  # fmt: skip

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """Path, shape, role, initializer, reason."""
        return rows(tuple(self.values()), self.scales, self.unscaled)

    def records(self) -> list[dict[str, Any]]:
        """Path, shape, role, initializer with its parameters, and reason of each weight."""
        weights = self.to_dict()["weights"]
        return [{"path": path, **entries} for path, entries in weights.items()]

    @property
    def headline(self) -> str:
        """One sentence."""
        return f"{self._done}; {seen}" if (seen := self._seen) else self._done

    @property
    def _done(self) -> str:
        """What was set."""
        left, absent = len(self.untouched), len(self.unwritten)
        done = len(self) - left - absent
        told = f"{done} weights set, " if done or not absent else ""
        if absent:
            told += f"{absent} weights planned, not written (they have no memory yet), "
        line = (
            f"{self.model}: scheme {scheme_text(self.scheme)}, seed {self.seed}; {told}"
            f"{left} left alone, {len(self.network.branches)} residual branches"
        )
        if not self.network.graph.traced and self.by_name:
            line += f"; the forward pass could not be traced ({self.network.graph.note}), so "
            line += "roles are guesses from names"
        elif self.by_name:
            line += f"; {len(self.by_name)} roles are guesses from names, for the forward pass "
            line += "does not reach those weights"
        if self.unscaled:
            line += f"; {len(self.unscaled)} kernels could not be scaled"
        return line

    @property
    def _seen(self) -> str:
        """What the check of the signals found; empty without one."""
        found = []
        if isinstance(self.signals, str):
            found.append(f"signals not checked ({self.signals})")
        elif self.signals is not None:
            found.append(self.signals.headline.partition(": ")[2].rstrip("."))
        if self.not_finite:
            shown = ", ".join(self.not_finite[:3]) + (", ..." if len(self.not_finite) > 3 else "")
            found.append(f"NOT FINITE, and set by no scheme: {shown}")
        return "; ".join(found)

    @property
    def verdict(self) -> list[str]:
        """What is wrong: of the signals, and weights and buffers that are not finite."""
        return [*getattr(self.signals, "verdict", ()), *self.not_finite]

    def __repr__(self) -> str:
        return f"<Report: {self.headline}>"

    def pictures(self) -> str:
        """Signal and gradient by depth, and a map of what each weight got, for a page."""
        return getattr(self.signals, "pictures", str)() + self._map()

    def _map(self) -> str:
        left = "left alone"
        return network_map(
            ((block_of(path)[0] or path.partition(".")[0], a.name or left)
             for path, a in self.items()), left,
        )  # fmt: skip

    def _top(self) -> str:
        """The verdict of the check, and what was done."""
        seen = self._seen
        verdict = banner(f"{seen[:1].upper()}{seen[1:]}.", self.verdict) if seen else ""
        return f"{verdict}<p>{escape(self._done)}.</p>"

    def save(self, path: Any, **more: Any) -> None:
        """Write one page to `path`: this report, and under their names any others.

        The verdict comes first, then all pictures, then the tables. The page needs no other file
        and no server.

        `report.save("init.html", signals=signal_report(...), jacobian=jacobian_spectrum(...))`

        Raises:
            TypeError: What is given beside is no report; nothing is written.
            ValueError: The name does not end in `.html` or `.htm`.
        """
        if Path(path).suffix.lower() not in (".html", ".htm"):
            raise ValueError(
                f"save writes a page, and needs a name that ends in .html, got {str(path)!r}; "
                "to_dict is for JSON."
            )
        for name, other in more.items():
            if not (hasattr(other, "pictures") and hasattr(other, "table")):
                raise TypeError(f"save needs reports, got {type(other).__name__} for {name}.")
        own = "" if "signals" in more else getattr(self.signals, "pictures", str)()
        body = self._top() + own + "".join(other.pictures() for other in more.values())
        body += f'{self._map()}<section id="weights"><h2>Weights</h2>{self.table()}</section>'
        for name, other in more.items():
            title = escape(name.replace("_", " ").capitalize())
            top = getattr(other, "_top", str)()
            body += f'<section id="{escape(name)}"><h2>{title}</h2>{top}{other.table()}</section>'
        Path(path).write_text(page(f"Weights of {self.model}", body), "utf-8")
