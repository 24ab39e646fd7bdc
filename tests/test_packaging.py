"""What is installed to run, and to test."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)


def pinned(name: str) -> dict[str, str]:
    return dict(PINNED.findall((ROOT / name).read_text()))


def names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9._-]+", each) for each in requirements)
    return {re.sub(r"[._-]+", "-", match[0]).lower() for match in found if match}


def test_running_takes_no_test_tool_and_testing_takes_the_same_versions() -> None:
    runtime, dev = pinned("requirements.lock"), pinned("requirements-dev.lock")
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert runtime.items() <= dev.items()
    assert names(groups["dev"]) <= dev.keys()
    # typer brings markdown-it-py along, which the tests use besides.
    assert not (names(groups["dev"]) - {"markdown-it-py"}) & runtime.keys()


def test_both_lock_files_hold_whatever_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["otel"]]
    assert names(wanted) <= pinned("requirements.lock").keys()


def test_the_image_installs_what_running_takes_and_asks_for_the_health() -> None:
    image = (ROOT / "Dockerfile").read_text()
    assert "requirements-dev.lock" not in image
    assert '"--strict"' in image
    assert re.search(r"^HEALTHCHECK .*\"bot\", \"health\"", image, re.MULTILINE)


def test_the_version_is_the_one_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    asked = subprocess.run(
        [sys.executable, "-m", "bot", "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert asked.stdout == f"bobbin {version}\n"


def test_each_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "Dockerfile"]
    named = {
        (document.name, target)
        for document in documents
        for target in re.findall(r"`make\s+(?:[A-Z]+=\S+\s+)*([a-z]+)", document.read_text())
    }
    assert {"run", "test", "soak"} <= {target for _, target in named}
    assert sorted((name, target) for name, target in named if target not in targets) == []


def test_a_running_bot_does_not_load_what_only_command_lines_show() -> None:
    code = (
        "import sys; from bot.__main__ import load_structlog; load_structlog(); import bot.wiring; "
        "assert 'rich' not in sys.modules; print(*sys.modules)"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = asked.stdout.split()
    assert {"structlog.dev", "discord"} <= set(loaded)
    assert not [name for name in loaded if name.startswith(("rich.", "pygments"))]
