"""Links to messages in a text."""

from __future__ import annotations

import pytest

from bot.conversation.message_links import Link, message_links


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://discord.com/channels/1/2/3.", [Link(1, 2, 3)]),
        ("<https://ptb.discord.com/channels/1/2/3>", [Link(1, 2, 3)]),
        ("https://canary.discord.com/channels/1/2/3?x=1", [Link(1, 2, 3)]),
        ("https://discordapp.com/channels/@me/2/3", [Link(None, 2, 3)]),
        (
            "https://discord.com/channels/1/2/3 https://discord.com/channels/1/2/4",
            [Link(1, 2, 3), Link(1, 2, 4)],
        ),
        ("https://discord.com/channels/1/2/3 and again https://discord.com/channels/1/2/3", [Link(1, 2, 3)]),
        ("||https://discord.com/channels/1/2/3||", [Link(1, 2, 3)]),
        ("`https://discord.com/channels/1/2/3`", []),
        (
            "```\nhttps://discord.com/channels/1/2/3\n``` https://discord.com/channels/1/2/4",
            [Link(1, 2, 4)],
        ),
        ("https://discord.com/channels/1/`2`/3", []),
        ("https://discord.com/channels/1/2", []),
        ("https://evil.discord.com/channels/1/2/3", []),
        ("https://discord.com.example.org/channels/1/2/3", []),
        ("https://discord.com/channels/1/2/" + "3" * 21, []),
        ("https://example.org", []),
    ],
)
def test_the_links_to_messages_are_found_each_message_once(text: str, links: list[Link]) -> None:
    assert list(message_links(text)) == links
