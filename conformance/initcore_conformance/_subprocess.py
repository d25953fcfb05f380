"""One job in its own process: its events are printed as lines of JSON.

python -m initcore_conformance._subprocess JOB
"""

import json
import os
import sys

from ._events import Job, events

__all__ = ["main"]


def main(text: str) -> None:
    """Run the job described by the JSON `text`; what frameworks print goes to standard error."""
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sys.path.insert(0, os.getcwd())
    for event in events(Job(**json.loads(text))):
        lines.write(json.dumps(event) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
