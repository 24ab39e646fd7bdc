"""Runs a piece of the page's own JavaScript outside a browser."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[4] / "bot" / "local" / "simulator" / "page"
NODE = shutil.which("node")

needs_node = pytest.mark.skipif(NODE is None, reason="node is not on the PATH")


def run(module: str, expression: str, *arguments: Any) -> Any:
    """The value of an expression over a module's exports (as `m`) and the arguments (as `a`), through JSON."""
    script = (
        f"import * as m from {json.dumps((PAGE / module).as_uri())};"
        f"const a = {json.dumps(arguments)};"
        f"process.stdout.write(JSON.stringify({expression}));"
    )
    finished = subprocess.run(
        [NODE or "node", "--input-type=module"],
        input=script,
        capture_output=True,
        text=True,
        timeout=60,
        env={"TZ": "UTC", "LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8"},
        check=False,
    )
    if finished.returncode:
        pytest.fail(finished.stderr)
    return json.loads(finished.stdout)
