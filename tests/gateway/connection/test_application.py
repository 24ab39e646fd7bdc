"""What is read of an application, as Discord writes it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.findings.facts import ApplicationFacts
from bot.gateway import permissions
from bot.gateway.connection import application
from bot.gateway.connection.application import application_facts

LIMITED, FULL = 1 << 19, 1 << 18


def link(permissions_: int, *scopes: str) -> dict[str, Any]:
    """The parameters of an install link."""
    return {"scopes": list(scopes), "permissions": str(permissions_)}


@pytest.mark.parametrize(("flags", "expected"), [(LIMITED, True), (FULL, True), (0, False), (1 << 15, False)])
def test_the_intent_is_on_with_or_without_a_review(flags: int, expected: bool) -> None:
    assert application_facts({"flags": flags}).has_message_content is expected


def test_a_server_that_tells_nothing_is_not_judged() -> None:
    assert application_facts(None) == ApplicationFacts() == application_facts({})


def test_an_install_link_that_asks_for_what_is_needed_is_right() -> None:
    facts = application_facts({"install_params": link(permissions.INVITE.value, "bot")})
    assert (facts.has_install_link, facts.excess, facts.lacking) == (True, (), ())


def test_the_newer_form_of_the_install_link_goes_before_the_older_one() -> None:
    facts = application_facts(
        {
            "install_params": link(permissions.INVITE.value, "bot"),
            "integration_types_config": {"0": {"oauth2_install_params": link(8, "bot")}},
        }
    )
    assert (facts.excess, facts.lacking) == (("Administrator",), ())


def test_an_install_link_with_too_little_names_what_is_missing() -> None:
    facts = application_facts({"install_params": link((1 << 10) | (1 << 13), "bot", "identify")})
    assert facts.excess == ("Manage Messages",)
    assert "Send Messages in Threads" in facts.lacking


def test_a_link_for_the_commands_alone_makes_the_bot_no_member() -> None:
    assert not application_facts({"install_params": link(0, "applications.commands")}).has_install_link


def test_every_permission_of_the_invite_has_the_name_of_discords_settings() -> None:
    assert set(permissions.granted(permissions.INVITE)) <= permissions.NAMES.keys()


def failing(kind: type[discord.HTTPException], status: int) -> discord.Client:
    """A client that Discord answers with a status of failure."""

    async def fetch_channel(_channel: int) -> None:
        raise kind(cast("Any", SimpleNamespace(status=status, reason="")), {"code": 0, "message": ""})

    return cast("discord.Client", SimpleNamespace(fetch_channel=fetch_channel))


async def test_a_channel_is_hidden_or_gone_only_if_discord_says_so() -> None:
    assert await application._is_hidden(failing(discord.Forbidden, 403), 1)
    assert not await application._is_hidden(failing(discord.NotFound, 404), 1)
    with pytest.raises(discord.DiscordServerError):
        await application._is_hidden(failing(discord.DiscordServerError, 503), 1)
