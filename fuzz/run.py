"""`python -m fuzz.run`: fuzz the targets for a given time and write what came of it to out/fuzz.

Each target runs in a process of its own, which goes on after a finding and is started again after
a crash. Needs the package atheris (the extra `fuzz`).
"""

import argparse
import importlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ._case import Finding, cases, to_line

__all__ = ["fuzz"]

TARGETS = ("command", "library")
PACKAGES = ["initcore", "initcore_conformance"]
STATUS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
CRASH = "crash, hang in C code or too much memory"


def fuzz(target: str, seconds: int, folder: Path) -> dict[str, Any]:
    """Fuzz one target; what was done and what was found."""
    home = folder / target
    corpus, found = home / "corpus", home / "found.json"
    corpus.mkdir(parents=True, exist_ok=True)
    found.unlink(missing_ok=True)
    for number, data in enumerate(cases(target)):
        (corpus / f"seed{number}").write_bytes(data)
    start, record = time.monotonic(), {"target": target, "executions": 0, "edges": 0, "corpus": 0}
    crashes: dict[str, str] = {}
    while (left := seconds - int(time.monotonic() - start)) > 5:
        log = home / "log.txt"
        with log.open("wb") as out:
            command = [sys.executable, "-m", "fuzz.run", "--worker", target, "--seconds", str(left)]
            done = subprocess.run([*command, "--out", str(home)], stdout=out, stderr=out)
        lines = STATUS.findall(log.read_text(errors="replace"))
        artifacts = [p for p in home.glob("*-*") if not p.name.startswith("slow-")]
        if not lines or (done.returncode and not artifacts):
            raise SystemExit(f"the fuzzer itself failed, see {log}")
        record["executions"] += int(lines[-1][0])
        record["edges"] = max(record["edges"], *(int(line[1]) for line in lines))
        record["corpus"] = int(lines[-1][3])
        for artifact in artifacts:
            crashes[to_line(artifact.read_bytes())] = f"{CRASH} ({artifact.name.split('-')[0]})"
            artifact.unlink()
    record["seconds"] = round(time.monotonic() - start)
    kept = json.loads(found.read_text()) if found.exists() else {}
    record["findings"] = [*kept.values(), *({"input": i, "what": w} for i, w in crashes.items())]
    return record


def worker(target: str, seconds: int, home: Path) -> None:
    """Fuzz in this process: findings are filed by kind and place, and the run goes on."""
    import atheris

    # Loaded before, and so not measured: what the library uses is not what is looked at.
    for name in ("numpy", "scipy.special", "scipy.optimize", "matplotlib.figure", "typer", "rich"):
        importlib.import_module(name)
    with atheris.instrument_imports(include=PACKAGES):
        run = importlib.import_module(f"fuzz.{target}").run
    mutate = importlib.import_module("fuzz._mutate").mutator(target)
    known: dict[str, dict[str, Any]] = {}
    if (home / "found.json").exists():
        known = json.loads((home / "found.json").read_text())

    seen: set[bytes] = set()

    def one(data: bytes) -> int:
        if data in seen:
            return 0
        seen.add(data)
        try:
            return 0 if run(data) else -1
        except Finding as finding:
            key = _place(finding)
            if key not in known or len(data) < len(known[key]["input"]) / 2:
                known[key] = {"input": to_line(data), "what": str(finding), "place": key}
                (home / "found.json").write_text(json.dumps(known, indent=1))
        except Exception:  # the target's own way of leaving out
            return -1
        return 0

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=TARGETS)
    parser.add_argument("--seconds", type=int, default=600, help="in all")
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    parser.add_argument("--worker")
    asked = parser.parse_args()
    if asked.worker:
        worker(asked.worker, asked.seconds, asked.out)
        return
    records = []
    for target in asked.targets:
        records.append(fuzz(target, asked.seconds // len(asked.targets), asked.out))
        print(json.dumps(records[-1], indent=1), flush=True)
    (asked.out / "record.json").write_text(json.dumps(records, indent=1) + "\n")
    if any(record["findings"] for record in records):
        raise SystemExit("there are findings: file their inputs in fuzz/seeds and mend them")


if __name__ == "__main__":
    main()
