"""`python -m bot init` without a terminal: each answer is tried, and two private files are written."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.config import Exit, load
from bot.local.simulator.claude import Claude
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def init(world: World, directory: Path, *answers: str) -> tuple[int, str]:
    """Run it with these answers; returns the exit code and what was shown."""
    environment = world.environment()
    for name in ("DISCORD_TOKEN", "ANTHROPIC_API_KEY", "REDIS_URL"):
        del environment[name]
    typed = "".join(f"{answer}\n" for answer in answers)
    bot = await BotProcess.start(environment, command="init", typed=typed, directory=directory)
    return await bot.ended(START_S), bot.output


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_what_works_is_written_for_the_owner_alone(shared: World, tmp_path: Path) -> None:
    # Redis, the token, a server to look at, the key, the model.
    answers = (shared.redis_url, shared.app.token, "1", "e2e-key", "claude-haiku-5-5")
    code, shown = await init(shared, tmp_path, *answers)
    assert code == 0, shown
    assert shared.guild.name in shown
    assert "lack: nothing" in shown
    assert "client_id=" in shown
    assert {mode(tmp_path / name) for name in (".env", "config.toml")} == {0o600}
    settings = load(directory=tmp_path, environ={})
    assert settings.discord.token is not None
    assert settings.discord.token.get_secret_value() == shared.app.token
    assert settings.redis.url is not None
    assert settings.redis.url.get_secret_value() == shared.redis_url
    assert settings.claude.model == "claude-haiku-5-5"


async def test_what_is_refused_is_explained_and_asked_again(shared: World, tmp_path: Path) -> None:
    claude = Claude(key="e2e-key")
    await claude.start()
    answers = ("nonsense", "no", "", "wrong-token", "no", "", "wrong-key", "no", "e2e-key", "")
    environment = shared.settings
    shared.settings = {**environment, "ANTHROPIC_BASE_URL": claude.base_url}
    try:
        code, shown = await init(shared, tmp_path, *answers)
    finally:
        shared.settings = environment
        await claude.stop()
    assert code == 0, shown
    assert "redis.url" in shown
    assert "discord.token" in shown
    assert "claude.key" in shown
    assert "wrong-token" not in shown
    settings = load(directory=tmp_path, environ={})
    assert (settings.redis.url, settings.discord.token) == (None, None)
    assert settings.claude.api_key is not None


async def test_a_model_that_cannot_be_tried_can_be_kept_with_a_key_that_was_kept(
    shared: World, tmp_path: Path
) -> None:
    claude = Claude(key="e2e-key")
    await claude.start()
    environment = shared.settings
    shared.settings = {**environment, "ANTHROPIC_BASE_URL": claude.base_url}
    try:
        answers = ("", "", "a-later-key", "yes", "claude-haiku-5-5", "yes")
        code, shown = await init(shared, tmp_path, *answers)
    finally:
        shared.settings = environment
        await claude.stop()
    assert code == 0, shown
    assert load(directory=tmp_path, environ={}).claude.model == "claude-haiku-5-5"


async def test_a_number_that_no_server_has_is_asked_again(shared: World, tmp_path: Path) -> None:
    code, shown = await init(shared, tmp_path, "", shared.app.token, "0", "1", "")
    assert code == 0, shown
    assert "Choose a number from 1 to " in shown
    assert "lack: nothing" in shown


async def test_the_intent_is_switched_on_after_a_yes(shared: World, tmp_path: Path) -> None:
    app = shared.discord.add_application("Unsighted", token="init-unsighted", intents_enabled=0)
    code, shown = await init(shared, tmp_path, "", app.token, "yes", "")
    assert code == 0, shown
    assert "fixed      discord.intent" in shown
    assert "→ `python -m bot check --fix` can switch on" in shown
    assert "→ --fix" not in shown
    assert app.privileged_intents


async def test_files_that_exist_are_left_unless_the_operator_says_yes(shared: World, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MINE=1", encoding="ascii")
    (tmp_path / "config.toml").write_text("# mine", encoding="ascii")
    code, shown = await init(shared, tmp_path, "", "", "", "no", "yes")
    assert code == 0, shown
    assert (tmp_path / ".env").read_text(encoding="ascii") == "MINE=1"
    assert "# mine" not in (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert mode(tmp_path / "config.toml") == 0o600


async def test_a_file_that_cannot_be_written_is_one_line_and_leaves_no_secret_behind(
    shared: World, tmp_path: Path
) -> None:
    (tmp_path / ".env").mkdir()  # as some people name their virtual environment
    code, shown = await init(shared, tmp_path, shared.redis_url, "", "", "yes")
    assert code == Exit.SETTINGS, shown
    assert f"{tmp_path / '.env'} cannot be written: Is a directory\n" in shown
    assert "Traceback" not in shown
    assert not (tmp_path / ".env.new").exists()
    assert not (tmp_path / "config.toml").exists()


async def test_an_input_that_ends_writes_nothing(shared: World, tmp_path: Path) -> None:
    code, shown = await init(shared, tmp_path, shared.redis_url)
    assert code == 1, shown
    assert "Nothing is written" in shown
    assert not (tmp_path / ".env").exists()
    assert not (tmp_path / "config.toml").exists()
