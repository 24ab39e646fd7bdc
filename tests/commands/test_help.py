"""What /help says of tools: what is read and sent on because of them, and only where they are on."""

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
