"""The wheel, installed beside nothing but what running takes: no checkout, no test tool, no network."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib import metadata
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.bot_process import BotProcess
from tests.e2e.local_page import LocalPage
from tests.fork_server import ROOT
from tests.forked_process import Pipe
from tests.test_packaging import names, pinned

pytestmark = pytest.mark.asyncio(loop_scope="session")

BUILD_S = 120


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run a program that must succeed, and return what it says."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=BUILD_S, env=environment()
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(**settings: str) -> dict[str, str]:
    """No PYTHONPATH, and nothing else of the tests' own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **settings}


def link_what_running_takes(site: Path) -> None:
    """Put the packages of requirements.lock, and no others, into an environment."""
    for name in pinned("requirements.lock"):
        try:
            files = metadata.distribution(name).files or ()
        except metadata.PackageNotFoundError:  # of another platform
            continue
        tops = {Path(str(file)).parts[0] for file in files} - {"..", "__pycache__"}
        for top in tops:
            source = Path(sysconfig.get_path("purelib")) / top
            if source.exists() and not (site / top).exists():
                (site / top).symlink_to(source)


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; returns the folder of its programs."""
    directory = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", directory)
    (wheel,) = directory.glob("*.whl")
    home = directory / "clean"
    run(sys.executable, "-m", "venv", "--without-pip", home)
    programs = home / "bin"
    pip = (sys.executable, "-m", "pip", "--python", programs / "python", "install", "--quiet")
    run(*pip, "--no-index", "--no-deps", wheel)
    site = run(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    link_what_running_takes(Path(site))
    return programs


async def test_it_says_its_version_and_what_is_wrong(clean: Path, tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run(clean / "bobbin", "--version", cwd=tmp_path) == f"bobbin {version}\n"
    where = run(clean / "python", "-c", "import bot; print(bot.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(clean.parent)
    assert "Bobbin may start." in run(clean / "bobbin", "check", cwd=tmp_path)


async def test_it_asks_for_what_the_project_asks_for(clean: Path, tmp_path: Path) -> None:
    code = "from importlib.metadata import requires; print(*requires('bobbin'), sep='\\n')"
    asked = run(clean / "python", "-c", code, cwd=tmp_path).splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    assert names(asked) == names([*project["dependencies"], *extras])


async def test_one_can_chat_with_it_on_its_page(clean: Path, tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(clean / "bobbin", "run"),
        cwd=tmp_path,
        env=environment(
            BOT_REDIS__DATA_DIR=str(tmp_path / "data"),
            BOT_LOCAL__PORT="0",
            BOT_TELEMETRY__LOG_FORMAT="json",
            BOT_TOOLS__ON="time_in",
        ),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=write_end,
        stderr=write_end,
    )
    os.close(write_end)
    bot = BotProcess(process, await Pipe.open(read_end))
    async with aiohttp.ClientSession() as session:
        try:
            page = await LocalPage.of(bot, session)
            assert re.search(r"<title>.*</title>", await page.html())
            (reply,) = await page.answered(await page.mention("hello there"))
            assert "not Claude" in reply["content"]
        finally:
            assert await bot.stop() == 0
