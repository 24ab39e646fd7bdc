"""The settings of MCP servers: read from the file and the environment, each error one line without a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.stage import read, refusal

WIKI = '[[mcp]]\nname = "wiki"\nurl = "https://wiki.example/mcp"\n'


def test_servers_are_read_from_the_file_with_their_tokens_from_the_environment(tmp_path: Path) -> None:
    settings = read(tmp_path, WIKI + 'token = "WIKI_TOKEN"\ntools = ["search"]\n', WIKI_TOKEN="tulip-token")
    (server,) = settings.mcp
    assert (server.name, server.tools, server.private) == ("wiki", ("search",), False)
    assert server.secret is not None
    assert server.secret.get_secret_value() == "tulip-token"
    assert "tulip-token" in settings.secrets()
    assert "tulip-token" not in repr(settings)


def test_a_token_may_stand_in_the_env_file(tmp_path: Path) -> None:
    settings = read(tmp_path, WIKI + 'token = "WIKI_TOKEN"\n', env_file="WIKI_TOKEN=tulip-token\n")
    assert "tulip-token" in settings.secrets()


def test_the_environment_holds_servers_as_json_and_takes_precedence(tmp_path: Path) -> None:
    given = '[{"name": "loom", "url": "http://127.0.0.1:1/mcp", "private": true}]'
    assert [server.name for server in read(tmp_path, WIKI, BOT_MCP=given).mcp] == ["loom"]
    assert [server.name for server in read(tmp_path, WIKI, BOT_MCP="").mcp] == ["wiki"]


def test_without_servers_there_are_none(tmp_path: Path) -> None:
    assert read(tmp_path).mcp == ()


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        (
            '[mcp]\nname = "wiki"',
            "config.toml: mcp: must be a list of tables, written [[mcp]]",
        ),
        ('[[mcp]]\nname = "wiki"', "config.toml: mcp[0].url: is missing"),
        (
            WIKI + "colour = 3",
            "config.toml: mcp[0].colour: unknown; known there: name, url, token, tools, servers, channels, "
            "private, timeout_s, max_kb",
        ),
        (
            WIKI.replace("wiki.example", "ann:tulip@wiki.example"),
            "config.toml: mcp[0]: url must not hold a user or a password; name a variable with a token in token",
        ),
        (
            WIKI.replace("https", "http"),
            "config.toml: mcp[0]: url must begin with https://; http:// is possible with private = true",
        ),
        (
            WIKI.replace("https", "tulip"),
            "config.toml: mcp[0].url: found a value that is not shown here; must be an address that begins with "
            "https:// or http://",
        ),
        (
            WIKI.replace('"wiki"', '"Wiki_1"'),
            "config.toml: mcp[0].name: found 'Wiki_1'; must be up to 20 small letters, digits and hyphens, and begin "
            "with a letter",
        ),
        (
            WIKI + 'token = "sk-tulip-123"',
            "config.toml: mcp[0].token: found a value that is not shown here; must be the name of a variable of the "
            "environment that holds the token, not the token itself",
        ),
        (
            WIKI + 'token = "WIKI_TOKEN"',
            "mcp[0].token: the variable WIKI_TOKEN is not set; set it in the environment or in .env",
        ),
        (
            WIKI + "timeout_s = 4000",
            "config.toml: mcp[0].timeout_s: found 4000; must be less than or equal to 300",
        ),
        (WIKI + WIKI, "config.toml: mcp: each [[mcp]] must have a name of its own"),
    ],
)
def test_an_error_is_one_readable_line(tmp_path: Path, toml: str, line: str) -> None:
    assert refusal(tmp_path, toml) == line


def test_a_variable_that_is_no_list_is_one_line(tmp_path: Path) -> None:
    line = refusal(tmp_path, BOT_MCP='{"name": "tulip"}')
    assert line == "BOT_MCP in the environment: mcp: must be a list of tables, written as JSON"
