"""Which settings a reload applies, and which need a restart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.config import Settings
from bot.config.live import RELOADED, LiveSettings, Reloaded
from bot.config.setting_keys import LISTS, keys
from bot.config.settings import McpSettings
from bot.config.sources import load

ROOT = Path(__file__).parents[2]
EVERY = tuple(keys())


def with_value(settings: Settings, path: str, value: Any) -> Settings:
    """The settings with another value, which need not be valid."""
    name, _, key = path.partition(".")
    section = getattr(settings, name).model_copy(update={key: value})
    return settings.model_copy(update={name: section})


def value(settings: Settings, path: str) -> object:
    name, _, key = path.partition(".")
    return getattr(getattr(settings, name), key)


@pytest.mark.parametrize("path", EVERY)
def test_each_setting_is_applied_at_once_or_named_as_one_that_needs_a_restart(path: str) -> None:
    started = Settings()
    live = LiveSettings(started)
    another = object()
    changes = live.replace(with_value(started, path, another))
    if path in RELOADED:
        assert changes == Reloaded((path,), ())
        assert value(live.settings, path) is another
    else:
        assert changes == Reloaded((), (path,))
        assert live.settings == started


@pytest.mark.parametrize("name", LISTS)
def test_lists_of_tables_need_a_restart(name: str) -> None:
    started = Settings()
    server = McpSettings(name="maps", url="https://maps.example")
    changes = LiveSettings(started).replace(started.model_copy(update={name: (server,)}))
    assert changes == Reloaded((), (name,))


def test_the_table_names_settings_that_there_are() -> None:
    assert set(EVERY) >= RELOADED


def test_the_documentation_names_the_settings_that_a_reload_applies() -> None:
    text = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    section = text.partition("## Reloading")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z]+\.[a-z_]+)`", section)) - {"config.toml"} == RELOADED


def test_what_needs_a_restart_is_named_until_the_restart_and_what_is_applied_once() -> None:
    started = Settings()
    live = LiveSettings(started)
    changed = with_value(with_value(started, "access.block", (7,)), "redis.prefix", "another")
    assert live.replace(changed) == Reloaded(("access.block",), ("redis.prefix",))
    assert live.replace(changed) == Reloaded((), ("redis.prefix",))
    assert live.replace(started) == Reloaded(("access.block",), ())


def test_what_a_stand_in_has_added_stays() -> None:
    started = Settings()
    complete = with_value(started, "discord.token", SecretStr("of a stand-in"))
    live = LiveSettings(started, complete)
    assert live.replace(with_value(started, "discord.direct_messages", False)).needs_restart == ()
    assert live.settings.discord.token == SecretStr("of a stand-in")
    assert not live.settings.discord.direct_messages


def test_a_value_counts_as_set_by_the_operator_only_while_a_source_sets_it(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    live = LiveSettings(load(environ={}, directory=tmp_path))
    file.write_text('[reply]\nwhen = "mentioned"\n')
    live.replace(load(environ={}, directory=tmp_path))
    assert "when" in live.settings.reply.model_fields_set
    file.write_text("")
    live.replace(load(environ={}, directory=tmp_path))
    assert "when" not in live.settings.reply.model_fields_set
    assert live.settings == Settings()
