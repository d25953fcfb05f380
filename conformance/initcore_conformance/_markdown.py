"""The report as Markdown, for a repository's own pages."""

from ._report import Tally, facts, lines, others, reproduce, split_links, tally, verdict, versions
from ._results import BAD, Outcome, Results
from .checks import CHECKS

__all__ = ["body", "page"]


def page(results: Results) -> str:
    """The whole report."""
    return f"# Conformance of weight initializers: {verdict(results)}\n\n{body(results)}"


def body(results: Results) -> str:
    """The report's sections, without a title."""
    counts = ", ".join(f"{n:,} {name}" for name, n in facts(results).items() if n)
    parts = [
        f"{counts}; profile {results.profile}, seed {results.seed}; {versions(results)}.",
        "## Backends by checks",
        "Initializers that pass, of those tried; empty where the check says nothing.",
        _matrix(results),
        *(f"Warning: {_plain(warning)}" for warning in results.warnings),
        *_failures(results),
        "## What passes",
        "Checks passed by each initializer, and those failed; empty where it is not claimed.",
        _initializers(results),
        "## What each check proves",
        _table(["column", "check", "what it proves"],
               [[c.title, f"`{c.id}`", c.proves] for c in CHECKS]),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is, also in a cell."""
    for mark in "\\`*_<[|":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def _matrix(results: Results) -> str:
    rows = []
    for backend in results.backends:
        whole = next(iter(results.of(backend=backend, check="*")), None)
        if whole:
            cells = [f"{whole.status}: {_plain(whole.reason)}", *[""] * (len(CHECKS) - 1)]
        else:
            cells = [_cell(tally(results, backend, c.id)) for c in CHECKS]
        rows.append([f"`{backend}`", *cells])
    return _table(["backend", *(c.title for c in CHECKS)], rows)


def _cell(t: Tally) -> str:
    if not t.tried:
        return ""
    return str(t) if t.fine else f"**{t}**"


def _failures(results: Results) -> list[str]:
    return ["## What failed", *map(_failure, results.alike)] if results.alike else []


def _failure(group: list[Outcome]) -> str:
    first, rows = group[0], lines(group[0])
    reason, threads = split_links(rows.pop("reason", ""))
    name = "" if first.check == "*" else f" `{first.initializer}` {first.check}"
    expected = {"xfailed": ", as expected", "xpassed": ", though it was expected to fail"}
    title = f"### `{first.backend}`{name}{expected.get(first.status, '')}"
    parts = [title]
    if reason:
        parts.append(_plain(reason))
    if threads:
        parts.append("Upstream: " + ", ".join(f"[{k}]({v})" for k, v in threads.items()))
    if len(group) > 1:
        parts.append(f"Also {others(group)}.")
    if first.failure:
        shown = "\n".join(f"{k:<10}{v}" for k, v in rows.items())
        parts += [f"```text\n{shown}\n```", f"```python\n{reproduce(first)}\n```"]
    return "\n\n".join(parts)


def _initializers(results: Results) -> str:
    """A row for each initializer, a column for each backend."""
    ran = [o for o in results.outcomes if o.check != "*"]
    titles = {c.id: c.title for c in CHECKS}
    columns = list(dict.fromkeys(o.backend for o in ran))
    rows = []
    for name in dict.fromkeys(o.initializer for o in ran):
        cells = []
        for backend in columns:
            here = [o for o in ran if (o.backend, o.initializer) == (backend, name)]
            passed = sum(o.status == "passed" for o in here)
            bad = [titles.get(o.check, o.check) for o in here if o.status in (*BAD, "xfailed")]
            cells.append(f"{passed}" + (f", not {' '.join(bad)}" if bad else "") if here else "")
        rows.append([f"`{name}`", *cells])
    return _table(["initializer", *(f"`{b}`" for b in columns)], rows)
