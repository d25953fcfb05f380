"""The report as one HTML file that needs nothing else."""

from html import escape
from importlib.resources import files

from ._report import facts, lines, others, reproduce, split_links, tally, verdict, versions
from ._results import Outcome, Results
from .checks import CHECKS

__all__ = ["page"]


def page(results: Results) -> str:
    """The whole report."""
    title = "initcore conformance"
    style = files(__package__).joinpath("report.css").read_text("utf-8")
    parts = [
        f"<h1>Conformance of weight initializers "
        f'<span class="pill {"good" if results.ok else "bad"}">{verdict(results)}</span></h1>',
        f'<p class="soft">profile {escape(results.profile)}, seed {results.seed}, '
        f"{results.seconds:.0f} s; {escape(versions(results))}</p>",
        _facts(results),
        "<h2>Backends by checks</h2>",
        _matrix(results),
        *(f'<p><span class="pill warn">{escape(w)}</span></p>' for w in results.warnings),
        _failures(results),
        "<h2>Initializers</h2>",
        '<p class="key">each point is a check of an initializer; hold the pointer on it'
        '<span class="dot passed"></span>passed<span class="dot failed"></span>failed'
        '<span class="dot xfailed"></span>failed as expected'
        '<span class="dot skipped"></span>skipped</p>',
        *(_grid(results, backend) for backend in results.backends),
        _proofs(),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head>\n<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _facts(results: Results) -> str:
    boxes = (
        f'<div class="fact"><b>{n:,}</b><span>{name}</span></div>'
        for name, n in facts(results).items()
    )
    return f'<div class="facts">{"".join(boxes)}</div>'


def _matrix(results: Results) -> str:
    head = "".join(f'<th title="{escape(c.proves)}">{escape(c.title)}</th>' for c in CHECKS)
    rows = []
    for backend in results.backends:
        whole = next(iter(results.of(backend=backend, check="*")), None)
        if whole:
            cell = (
                f'<td colspan="{len(CHECKS)}"><span class="box bad">{whole.status.upper()}: '
                f"{escape(whole.reason)}</span></td>"
            )
        else:
            cell = "".join(_cell(results, backend, c.id) for c in CHECKS)
        rows.append(f"<tr><td>{escape(backend)}</td>{cell}</tr>")
    return f'<div class="card"><table><tr><th>backend</th>{head}</tr>{"".join(rows)}</table></div>'


def _cell(results: Results, backend: str, check: str) -> str:
    t = tally(results, backend, check)
    skipped = f"skipped: {'; '.join(t.skipped)}" if t.skipped else "none skipped"
    if not t.tried:
        return f'<td title="{escape(skipped)}"><span class="box none">skipped</span></td>'
    text = f'title="{escape(skipped)}">{t.passed}/{t.tried}'
    if not t.fine:
        return f'<td><a class="bad" href="#{_anchor(backend, check)}" {text}</a></td>'
    return f'<td><span class="box {"warn" if t.expected else "good"}" {text}</span></td>'


def _anchor(backend: str, check: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in f"{backend}-{check}")


def _failures(results: Results) -> str:
    if not results.alike:
        return ""
    seen: set[str] = set()
    parts = ["<h2>What failed</h2>"]
    for group in results.alike:
        # Every cell of the table above leads to the first failure it counts.
        anchors = {_anchor(o.backend, o.check) for o in group} - seen
        seen |= anchors
        parts += [f'<a id="{anchor}"></a>' for anchor in sorted(anchors)]
        parts.append(_failure(group))
    return "".join(parts)


def _failure(group: list[Outcome]) -> str:
    outcome, rows = group[0], lines(group[0])
    reason, threads = split_links(rows.pop("reason", ""))
    body = f"<dt>reason</dt><dd>{escape(reason)}</dd>" if reason else ""
    if threads:
        links = ", ".join(f'<a href="{url}">{name}</a>' for name, url in threads.items())
        body += f"<dt>upstream</dt><dd>{links}</dd>"
    body += "".join(f"<dt>{k}</dt><dd>{escape(v)}</dd>" for k, v in rows.items())
    if outcome.failure and outcome.failure.call:
        body += f"<dt>call</dt><dd><pre>{escape(reproduce(outcome))}</pre></dd>"
    if len(group) > 1:
        body += f"<dt>also</dt><dd>{escape(others(group))}</dd>"
    if outcome.failure and outcome.failure.trace:
        trace = f"<details><summary>traceback</summary><pre>{escape(outcome.failure.trace)}"
        body += f"<dt>raised in</dt><dd>{trace}</pre></details></dd>"
    kind = "warn" if outcome.status == "xfailed" else "bad"
    name = "" if outcome.check == "*" else f"{outcome.initializer}, {outcome.check}"
    return (
        f'<details open><summary><span class="pill {kind}">{outcome.status}</span> '
        f"{escape(outcome.backend)} <code>{escape(name)}</code></summary><dl>{body}</dl></details>"
    )


def _grid(results: Results, backend: str) -> str:
    if any(results.of(backend=backend, check="*")):
        return ""
    outcomes = {(o.initializer, o.check): o for o in results.of(backend=backend)}
    names = list(dict.fromkeys(name for name, _ in outcomes))
    head = "".join(f"<th>{escape(c.title)}</th>" for c in CHECKS)
    rows = ""
    for name in names:
        cells = ""
        for check in CHECKS:
            o = outcomes.get((name, check.id))
            dot = ""
            if o:
                tip = f"{o.status}, {o.examples} calls, {o.seconds:.2g} s"
                tip = f"skipped: {o.reason}" if o.status == "skipped" else tip
                dot = f'<span class="dot {o.status}" title="{escape(tip)}"></span>'
            cells += f"<td>{dot}</td>"
        rows += f"<tr><td>{escape(name)}</td>{cells}</tr>"
    return (
        f'<h3>{escape(backend)}</h3><div class="card dots"><table><tr><th></th>{head}</tr>'
        f"{rows}</table></div>"
    )


def _proofs() -> str:
    rows = "".join(
        f"<tr><td>{escape(c.title)}</td><td style='text-align:left'>{escape(c.proves)}</td></tr>"
        for c in CHECKS
    )
    return f'<h2>What each check proves</h2><div class="card"><table>{rows}</table></div>'
