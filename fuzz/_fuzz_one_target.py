"""`python -m fuzz._fuzz_one_target TARGET SECONDS FOLDER`: one process that fuzzes one target."""

import importlib
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

from ._case import Finding, to_line

PACKAGES = ["initcore", "initcore_conformance"]


def main(target: str, seconds: str, home: Path) -> None:
    """Findings are filed by kind and place, and the run goes on."""
    import atheris

    # Loaded before, and so not measured: what the library uses is not what is looked at.
    for name in ("numpy", "scipy.special", "scipy.optimize", "matplotlib.figure", "typer", "rich"):
        importlib.import_module(name)
    with atheris.instrument_imports(include=PACKAGES):
        run = importlib.import_module(f"fuzz.{target}").run
    mutate = importlib.import_module("fuzz._mutate").mutator(target)
    file = home / "found.json"
    known: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}
    seen: set[bytes] = set()
    counts, told = {"run": 0, "left out": 0}, 0.0

    def one(data: bytes) -> int:
        nonlocal told
        if data in seen:
            return 0
        seen.add(data)
        if time.monotonic() - told > 2:
            told = time.monotonic()
            (home / "counts.json").write_text(json.dumps(counts))
        try:
            done = run(data)
        except Finding as finding:
            done, key = True, _place(finding)
            if key not in known or len(data) < len(known[key]["input"]) / 2:
                known[key] = {"input": to_line(data), "what": str(finding), "place": key}
                file.write_text(json.dumps(known, indent=1))
        except Exception:  # the target's own way of leaving out
            done = False
        counts["run" if done else "left out"] += 1
        return 0 if done else -1

    options = [
        f"-max_total_time={seconds}", "-timeout=60", "-max_len=200", "-rss_limit_mb=6000",
        f"-artifact_prefix={home}/", str(home / "corpus"),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], one, custom_mutator=mutate)
    atheris.Fuzz()


def _place(finding: Finding) -> str:
    """Where in the packages it came from, to tell findings apart."""
    error = finding.__cause__ or finding
    trace, last = error.__traceback__, "?"
    while trace is not None:
        code = trace.tb_frame.f_code
        if any(f"{os.sep}{p}{os.sep}" in code.co_filename for p in PACKAGES):
            last = f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    kind = type(error).__name__ if error is not finding else re.sub(r"\W.*", "", str(finding))
    return f"{kind} at {last}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
