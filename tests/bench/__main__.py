"""`make bench`: every benchmark of this folder, one after the other; `python -m tests.bench NAME` runs one."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run the benchmarks named on the command line, or all."""
    here = Path(__file__).parent
    files = (path for path in here.glob("*.py") if not path.stem.startswith("_"))
    known = sorted(path.stem for path in files if "\ndef main()" in path.read_text())
    wanted = sys.argv[1:] or known
    if unknown := set(wanted) - set(known):
        sys.exit(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in wanted:
        print(f"== {name}", flush=True)  # noqa: T201
        import_module(f"tests.bench.{name}").main()


if __name__ == "__main__":
    main()
