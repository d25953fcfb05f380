"""`python -m fuzz.run` fuzzes the targets for a given time and writes a record to out/fuzz.

Each target runs in a process of its own, which goes on after a finding and is started again after
a crash. Needs the package atheris (the extra `fuzz`).
"""

import argparse
import datetime
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ._case import cases, to_line
from ._lines import executable, visited

__all__ = ["fuzz"]

TARGETS = ("command", "library")
ROOT = Path(__file__).parents[1]
# Files whose coverage is reported for each target.
READ = {
    "command": ["initcore/cli/_show.py", "initcore/cli/_theory.py", "initcore/cli/_spec.py",
                "initcore/cli/_files.py", "initcore/spec/_spec.py", "initcore/spec/_domain.py"],
    "library": ["initcore/spec/_spec.py", "initcore/spec/_domain.py", "initcore/random/_rng.py",
                "initcore/arguments/_text.py", "initcore/density/_scores.py",
                "initcore/density/_allocation.py", "initcore/theory/_check.py",
                "conformance/initcore_conformance/_id_lists.py",
                "conformance/initcore_conformance/_load.py"],
}  # fmt: skip
STATUS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
CRASH = "crash, hang in C code or too much memory"


def fuzz(target: str, seconds: int, folder: Path) -> dict[str, Any]:
    """A record of fuzzing one target for `seconds`: executions, coverage and findings."""
    home = folder / target
    corpus, found, counts = home / "corpus", home / "found.json", home / "counts.json"
    corpus.mkdir(parents=True, exist_ok=True)
    found.unlink(missing_ok=True)
    for number, data in enumerate(cases(target)):
        (corpus / f"seed{number}").write_bytes(data)
    start, crashes = time.monotonic(), {}
    record: dict[str, Any] = {
        "target": target,
        "executions": 0,
        "run": 0,
        "left out": 0,
        "edges": 0,
    }
    while (left := seconds - int(time.monotonic() - start)) > 5:
        log = home / "log.txt"
        with log.open("wb") as out:
            command = [sys.executable, "-m", "fuzz._fuzz_one_target", target, str(left), str(home)]
            done = subprocess.run(command, stdout=out, stderr=out)
        lines = STATUS.findall(log.read_text(errors="replace"))
        artifacts = [p for p in home.glob("*-*") if not p.name.startswith("slow-")]
        if not lines or (done.returncode and not artifacts):
            raise SystemExit(f"the fuzzer itself failed, see {log}")
        record["executions"] += int(lines[-1][0])
        record["edges"] = max(record["edges"], *(int(line[1]) for line in lines))
        for name, count in json.loads(counts.read_text()).items():
            record[name] += count
        for artifact in artifacts:
            crashes[to_line(artifact.read_bytes())] = f"{CRASH} ({artifact.name.split('-')[0]})"
            artifact.unlink()
    record["seconds"] = round(time.monotonic() - start)
    record |= {"corpus": len(list(corpus.iterdir())), "lines": coverage(target, corpus)}
    kept = json.loads(found.read_text()) if found.exists() else {}
    record["findings"] = [*kept.values(), *({"input": i, "what": w} for i, w in crashes.items())]
    return record


def coverage(target: str, corpus: Path) -> dict[str, list[int]]:
    """For each file of `READ[target]`: the number of lines in functions, and of those that ran."""
    import importlib

    run = importlib.import_module(f"fuzz.{target}").run
    paths = {name: ROOT / name for name in READ[target]}
    seen = visited(run, [p.read_bytes() for p in sorted(corpus.iterdir())], paths.values())
    whole = {name: executable(path) for name, path in paths.items()}
    return {name: [len(whole[name]), len(whole[name] & seen[path])] for name, path in paths.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=TARGETS)
    parser.add_argument("--seconds", type=int, default=600, help="in all")
    parser.add_argument("--out", type=Path, default=Path("out/fuzz"))
    asked = parser.parse_args()
    records = []
    for target in asked.targets:
        records.append(fuzz(target, asked.seconds // len(asked.targets), asked.out))
        print(json.dumps(records[-1], indent=1), flush=True)
    date = datetime.date.today().isoformat()
    run = {"date": date, "python": sys.version.split()[0], "targets": records}
    (asked.out / "record.json").write_text(json.dumps(run, indent=1) + "\n")
    if any(record["findings"] for record in records):
        raise SystemExit("there are findings: file their inputs in fuzz/seeds and mend them")


if __name__ == "__main__":
    main()
