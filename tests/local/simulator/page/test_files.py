"""The page is whole by itself: what it names is there, and it names nothing outside."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.local.simulator.page.node import NODE, PAGE, needs_node, run

SCRIPTS = sorted(PAGE.glob("*.js"))
EVERYTHING = sorted(each for each in PAGE.iterdir() if each.is_file())


def test_every_file_that_the_page_names_exists() -> None:
    index = (PAGE / "index.html").read_text()
    named = re.findall(r'(?:src|href)="([^"#]+)"', index)
    assert {"static/app.js", "static/style.css"} <= set(named)
    missing = [each for each in named if not (PAGE / each.removeprefix("static/")).is_file()]
    assert missing == []


def test_every_module_is_reached_from_the_first_and_exists() -> None:
    reached, waiting = set(), ["app.js"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += re.findall(r'from "\./([\w.]+)"', (PAGE / name).read_text())
    assert reached == {each.name for each in SCRIPTS}


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: path.name)
def test_no_external_address_is_named(path: Path) -> None:
    text = path.read_text()
    addresses = re.findall(r"""(?:https?:)?//[\w-]+\.[\w.-]+""", text)
    # The name of a format, which nothing is loaded from.
    assert [each for each in addresses if each != "http://www.w3.org"] == []


@needs_node
def test_every_module_is_valid_javascript_and_imports_what_is_there() -> None:
    # Imports are linked before anything runs; `app.js` alone needs a browser to run, and is only read.
    others = [each.name for each in SCRIPTS if each.name != "app.js"]
    run(
        "escape.js",
        f"(await Promise.all(a.map((each) => import('{PAGE.as_uri()}/' + each)))).length",
        *others,
    )
    assert NODE is not None
    first = (PAGE / "app.js").read_bytes()
    subprocess.run([NODE, "--input-type=module", "--check"], input=first, check=True, timeout=60)
    for names, module in re.findall(
        r'import \{ ([^}]+?) \} from "\./([\w.]+)"', (PAGE / "app.js").read_text()
    ):
        exported = run(module, "Object.keys(m)")
        assert [each for each in names.split(", ") if each not in exported] == []
