"""The section `[claude]`."""

from pathlib import Path

import pytest

from tests.config.stage import read, refusal

PRICE_KEYS = "input, output, write_5m, write_1h, read, step_tokens, above"


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("x.output = 1", "claude.prices.x.input: is missing"),
        (
            "x = {input = -1, output = 1}",
            "claude.prices.x.input: found -1; must be greater than or equal to 0",
        ),
        (
            '"claude-x.5" = {input = 1, output = "dear"}',
            """claude.prices."claude-x.5".output: found 'dear'; must be a valid decimal""",
        ),
        (
            "x = {input = 1, output = 1, inptu = 2}",
            f"claude.prices.x.inptu: unknown; known there: {PRICE_KEYS}",
        ),
        ("x = 5", "claude.prices.x: found 5; must be a table with some of: " + PRICE_KEYS),
        (
            "x = {input = 1, output = 1, above = {input = 1}}",
            "claude.prices.x.above.output: is missing",
        ),
        (
            "x = {input = 1, output = 1, step_tokens = 5}",
            "claude.prices.x: found a table; step_tokens and above belong together",
        ),
        (
            '"two words" = {input = 1, output = 1}',
            """claude.prices."two words": found 'two words'; """
            "must be the name of a model, such as claude-sonnet-5-5",
        ),
    ],
)
def test_a_wrong_price_is_named_with_its_model_and_key(tmp_path: Path, toml: str, line: str) -> None:
    assert refusal(tmp_path, f"[claude.prices]\n{toml}") == f"config.toml: {line}"


@pytest.mark.parametrize(
    "text", ["[claude-a]", '["claude-a"', "['a','b']", '{"a": 1}', "a;b", "two words", "[1]"]
)
def test_what_is_no_list_of_names_is_refused(tmp_path: Path, text: str) -> None:
    line = refusal(tmp_path, BOT_CLAUDE__MODELS=text)
    assert line.startswith("BOT_CLAUDE__MODELS in the environment: claude.models")
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("name", ["", "two words", '["a"]', "x" * 500])
def test_a_model_has_a_name(tmp_path: Path, name: str) -> None:
    line = refusal(tmp_path, BOT_CLAUDE__MODEL=name)
    assert line.endswith("must be the name of a model, such as claude-sonnet-5-5")
    assert read(tmp_path, BOT_CLAUDE__MODEL="us.anthropic/claude-v2:0@7").claude.model


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/messages"])
def test_the_address_of_claude_is_the_one_in_front_of_v1(tmp_path: Path, end: str) -> None:
    assert read(tmp_path, ANTHROPIC_BASE_URL=f"http://h/path{end}").claude.base_url == "http://h/path"
