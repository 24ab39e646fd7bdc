"""The pages of /system history, up to the oldest prompt that is kept."""

from __future__ import annotations

import discord

from bot.commands.prompt_history import NO_DIFFERENCE, buttons_of, page
from bot.conversation.scope import Scope
from bot.store.scope_settings import MOST_VERSIONS, Version


def kept(count: int) -> tuple[Version, ...]:
    """So many prompts, the latest first, each with a line of its own."""
    return tuple(
        Version(f"{number}-0", f"Be kind.\nThis is number {number}.", 70, number)
        for number in range(count, 0, -1)
    )


def labels(view: discord.ui.View | None) -> list[str]:
    return [str(getattr(item, "label", "")) for item in ([] if view is None else view.children)]


def shown(versions: tuple[Version, ...], index: int) -> tuple[str, str]:
    heading, embed, _ = page(Scope.THREAD, versions, index)
    return heading, str(embed.description)


def test_the_oldest_page_shows_what_changed_though_older_prompts_are_gone() -> None:
    versions, last = kept(MOST_VERSIONS + 1), MOST_VERSIONS - 1
    heading, text = shown(versions, last)
    assert f"change {MOST_VERSIONS} of {MOST_VERSIONS}" in heading
    assert " Be kind.\n-This is number 1.\n+This is number 2." in text
    assert labels(buttons_of(Scope.THREAD, versions, last, versions[0].text)) == [
        "Newer",
        "Go back to this prompt",
    ]
    assert "Older" in labels(buttons_of(Scope.THREAD, versions, last - 1, versions[0].text))


def test_the_first_prompt_of_all_is_shown_as_new() -> None:
    versions = kept(MOST_VERSIONS)
    heading, text = shown(versions, MOST_VERSIONS - 1)
    assert f"change {MOST_VERSIONS} of {MOST_VERSIONS}" in heading
    assert "+Be kind.\n+This is number 1." in text


def test_a_change_of_spaces_alone_is_shown_and_no_change_is_said_to_be_none() -> None:
    same = Version("1-0", "Be kind. Be brief.", 70, 1)
    spaced = Version("2-0", "Be kind.  Be brief.", 70, 2)
    assert "-Be kind. Be brief.\n+Be kind.  Be brief." in shown((spaced, same), 0)[1]
    again = Version("2-0", same.text, 70, 2)
    assert shown((again, same), 0)[1].endswith(NO_DIFFERENCE)
