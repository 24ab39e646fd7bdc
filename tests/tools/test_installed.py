"""The operator's own tools: packages that are installed into a directory on the path."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog.testing

from bot.conversation.content import Text
from bot.tools.installed import installed_tools
from bot.tools.tool import ToolContext, ToolPlace

CONTEXT = ToolContext(ToolPlace(1), asker=7, key="k", turn=3)
GUIDE = Path(__file__).parents[2] / "docs" / "tools-of-your-own.md"
_BLOCKS = re.compile(r"`(?P<name>[\w.]+)`:\n\n```(?:python|toml)\n(?P<text>[^`]+)```")


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory on the path, in which a test installs; its modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        del sys.modules[name]


def install(directory: Path, module: str, text: str, **entries: str) -> None:
    """Install a package as pip does: its module, and the metadata that names its entry points."""
    (directory / f"{module}.py").write_text(text, encoding="utf-8")
    metadata = directory / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = "\n".join(f"{name} = {value}" for name, value in entries.items())
    (metadata / "entry_points.txt").write_text(f"[bobbin.tools]\n{lines}\n")


def guide() -> dict[str, str]:
    """The files that the guide shows."""
    return {found["name"]: found["text"] for found in _BLOCKS.finditer(GUIDE.read_text(encoding="utf-8"))}


async def test_the_example_of_the_guide_works_as_it_stands(directory: Path) -> None:
    files = guide()
    assert set(files) == {"village_dice.py", "pyproject.toml"}
    (entry,) = re.findall(r'^roll = "(.+)"$', files["pyproject.toml"], flags=re.MULTILINE)
    install(directory, "village_dice", files["village_dice.py"], roll=entry)
    (tool,) = installed_tools(["time_in"])
    assert (tool.name, tool.changes) == ("roll_dice", False)
    (block,) = (await tool.run(CONTEXT, {"sides": 1, "count": 3})).content
    assert isinstance(block, Text)
    assert block.text == "1, 1, 1"


async def test_a_plain_function_is_a_tool_with_the_usual_options(directory: Path) -> None:
    text = 'async def greet(context, name: str) -> str:\n    """Greet."""\n    return f"Hello {name}"\n'
    install(directory, "greeting", text, greet="greeting:greet")
    (tool,) = installed_tools([])
    assert (tool.name, tool.status) == ("greet", "Using the tool greet")
    assert (await tool.run(CONTEXT, {"name": "Ann"})).content == (Text("Hello Ann"),)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise RuntimeError('tulip')", "RuntimeError"),
        ("import no_such_package", "ModuleNotFoundError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("x = (", "SyntaxError"),
        ("pass", "AttributeError"),
        ("greet = 5", "neither a Tool nor an async function"),
        ("async def greet(context) -> str:\n    return ''", "TypeError"),
        (
            "from bot.tools.tool import Tool\ngreet = Tool('two words', 'd', {}, None, 'Greeting')",
            "the name of the tool must be up to 64 letters, digits, underscores and hyphens",
        ),
        (
            "from bot.tools.tool import Tool\ngreet = Tool('time_in', 'd', {}, None, 'Greeting')",
            "another tool has the name time_in",
        ),
    ],
)
def test_a_broken_package_is_one_line_and_the_others_are_there(
    directory: Path, text: str, reason: str
) -> None:
    install(directory, "broken", text, broken="broken:greet")
    good = 'async def wave(context) -> str:\n    """Wave."""\n    return ""\n'
    install(directory, "waving", good, wave="waving:wave")
    with structlog.testing.capture_logs() as logs:
        tools = installed_tools(["time_in"])
    assert [tool.name for tool in tools] == ["wave"]
    (line,) = (each for each in logs if each["event"] == "tool_not_loaded")
    assert (line["entry"], line["reason"]) == ("broken = broken:greet", reason)
    assert "tulip" not in str(logs)


def test_two_packages_with_one_name_give_one_tool(directory: Path) -> None:
    text = 'async def greet(context) -> str:\n    """Greet."""\n    return ""\n'
    install(directory, "one", text, a="one:greet")
    install(directory, "two", text, b="two:greet")
    with structlog.testing.capture_logs() as logs:
        assert [tool.name for tool in installed_tools([])] == ["greet"]
    assert [each["reason"] for each in logs if each["event"] == "tool_not_loaded"] == [
        "another tool has the name greet"
    ]
