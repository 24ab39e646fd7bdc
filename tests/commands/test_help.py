"""What /help says: of tools only where they are on, and no command that Discord does not offer there."""

from __future__ import annotations

from bot.commands.help import LOOKS_UP, SENT_BY_TOOLS, SHOWN, text

DESCRIBED = dict.fromkeys(SHOWN, "Does something that takes some words to say")


def test_without_tools_nothing_is_said_of_them() -> None:
    told = text("Just write.", DESCRIBED, in_server=True)
    assert LOOKS_UP not in told
    assert SENT_BY_TOOLS not in told


def test_tools_that_look_things_up_in_the_server_change_what_is_read() -> None:
    assert LOOKS_UP in text("Just write.", DESCRIBED, in_server=True, tools=["time_in", "read_messages"])
    for in_server, tools in ((True, ["time_in"]), (False, ["read_messages"])):
        told = text("Just write.", DESCRIBED, in_server=in_server, tools=tools)
        assert LOOKS_UP not in told
        assert SENT_BY_TOOLS in told


def test_it_fits_into_one_message_with_everything_in_it() -> None:
    how = "Just write. " * 20
    assert len(text(how, DESCRIBED, in_server=True, tools=["search_messages"])) <= 2000


def test_direct_messages_are_told_of_a_command_that_they_have_for_how_long_things_are_kept() -> None:
    assert "`/privacy show` says for how long" in text("Just write.", DESCRIBED, in_server=True)
    in_dms = text("Just write.", DESCRIBED, in_server=False)
    assert "`/about` says for how long" in in_dms
    assert "/privacy" not in in_dms
