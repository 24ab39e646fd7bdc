"""A forked process runs what `python -m` runs, with an environment of its own."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.fork_server import ROOT, ForkServer
from tests.forked_process import ForkedProcess, Pipe

PROGRAM = """
import os, sys, time
print(os.environ, sys.argv[1:], flush=True)
if "wait" in sys.argv:
    time.sleep(600)
os._exit(7)
"""


async def run(module: str, *arguments: str, **environment: str) -> tuple[str, int]:
    """Run a module to its end; returns its output and exit code."""
    process, output = await start(module, *arguments, **environment)
    told, code = await output.reader.read(), await process.wait()
    await output.close()
    return told.decode(), code


async def start(module: str, *arguments: str, **environment: str) -> tuple[ForkedProcess, Pipe]:
    read_end, write_end = os.pipe()
    output = await Pipe.open(read_end)
    return await ForkedProcess.start(module, arguments, environment, write_end), output


@pytest.fixture
def program(tmp_path: Path) -> str:
    """The name of a module of the standard library that runs a file."""
    (tmp_path / "program.py").write_text(PROGRAM)
    return str(tmp_path / "program.py")


async def test_output_exit_code_arguments_and_environment_are_its_own(program: str) -> None:
    told, code = await run("trace", "--trackcalls", "--count", "--no-report", program, "one", ONLY="this")
    assert "'ONLY': 'this'" in told
    assert "'PATH'" not in told
    assert "['one']" in told
    assert code == 7


async def test_its_input_and_its_directory_are_those_of_the_order(tmp_path: Path) -> None:
    (tmp_path / "reads.py").write_text("import os, sys; print(sys.stdin.read(), os.getcwd())")
    read_end, write_end = os.pipe()
    output = await Pipe.open(read_end)
    process = await ForkedProcess.start(
        "trace",
        ("--count", "--no-report", "reads.py"),
        {},
        write_end,
        typed="yes\n",
        directory=tmp_path,
    )
    assert (await output.reader.read()).decode().split() == ["yes", str(tmp_path)]
    assert await process.wait() == 0
    await output.close()


def test_each_source_tree_has_one_server() -> None:
    assert ForkServer.shared() is ForkServer.shared(ROOT)


async def test_an_exception_ends_it_with_a_traceback() -> None:
    told, code = await run("no_such_module_at_all")
    assert "no_such_module_at_all" in told
    assert code == 1


async def test_a_signal_ends_it_and_is_its_exit_code(program: str) -> None:
    process, output = await start("trace", "--count", "--no-report", program, "wait")
    await output.reader.readline()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == -signal.SIGTERM
    await output.close()
