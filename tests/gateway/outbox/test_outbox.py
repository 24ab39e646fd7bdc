"""What the outbox promises of each call, and what of its posts a local Discord keeps."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.errors import DiscordForbidden, DiscordRejected
from bot.gateway.conversion import buttons
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.local.simulator.discord import permissions as bits
from bot.render.controls import NONE, Controls, when_done, while_written
from bot.render.outbox import Change, Outgoing
from bot.render.upload import Upload
from tests.gateway.conftest import Post

PICTURE = Upload("formula-1.png", b"\x89PNG", r"\frac{a}{b}")
CODE = Upload("code.py", b"pass")
STOP = while_written(77)


def contents(post: Post) -> list[str]:
    """The messages of the thread."""
    return [m["content"] for m in post.discord.messages(post.thread) if m["content"]]


async def test_a_post_that_is_repeated_after_a_lost_response_is_one_message(post: Post) -> None:
    post.discord.faults.add(action="reset_after", method="POST", route="/messages$")
    first = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    assert (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id == first
    assert contents(post) == ["hello"]


async def test_a_reply_to_a_deleted_message_is_posted_without_the_reference(post: Post) -> None:
    asked = await post.ann.post(post.thread, "hello?")
    await post.ann.delete(post.thread, asked["id"])
    await post.outbox.send(post.thread, Outgoing("hello", nonce="1", reply_to=int(asked["id"])))
    assert contents(post) == ["hello"]


async def test_an_edit_unarchives_its_thread(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    await post.ann.edit_thread(post.thread, archived=True)
    await post.outbox.edit(post.thread, message, Change("changed"))
    assert contents(post) == ["changed"]


async def test_a_thread_that_is_open_already_is_no_error(post: Post) -> None:
    asked = await post.ann.post(post.channel, "hello?")
    await post.outbox.open_thread(post.channel, int(asked["id"]), "hello")
    await post.outbox.open_thread(post.channel, int(asked["id"]), "hello")
    assert post.discord.thread(asked["id"])["name"] == "hello"


async def test_a_delete_unarchives_its_thread(post: Post) -> None:
    message = (await post.outbox.send(post.thread, Outgoing("hello", nonce="1"))).id
    await post.ann.edit_thread(post.thread, archived=True)
    await post.outbox.delete(post.thread, message)
    assert contents(post) == []


def shown(post: Post) -> dict[str, Any]:
    """The only message that stands in the thread."""
    (found,) = [each for each in post.discord.messages(post.thread) if each["content"]]
    return found


async def test_files_are_uploaded_kept_and_told_of(post: Post) -> None:
    sent = await post.outbox.send(post.thread, Outgoing("hello", "1", files=(PICTURE,)))
    assert [(each.name, each.size_bytes) for each in sent.files] == [("formula-1.png", 4)]
    assert shown(post)["attachments"][0]["description"] == r"\frac{a}{b}"
    told = await post.outbox.edit(
        post.thread, sent.id, Change("more", keep=(sent.files[0].id,), files=(CODE,))
    )
    assert [each.name for each in told] == ["formula-1.png", "code.py"]
    assert told[0].id == sent.files[0].id
    assert await post.outbox.edit(post.thread, sent.id, Change("still more")) == told
    (seen,) = await post.outbox.own_messages(post.thread, 0)
    assert seen.files == told
    assert await post.outbox.edit(post.thread, sent.id, Change(keep=())) == ()
    assert shown(post)["content"] == "still more"


async def test_files_are_sent_again_when_the_call_is_lost(post: Post) -> None:
    for action in ("status", "reset", "reset_after"):
        post.discord.faults.add(action=action, method="POST", route="/messages$", status=503)
    sent = await post.outbox.send(post.thread, Outgoing("hello", "1", files=(PICTURE, CODE)))
    assert [each["filename"] for each in shown(post)["attachments"]] == ["formula-1.png", "code.py"]
    post.discord.faults.add(action="reset", method="PATCH")
    told = await post.outbox.edit(post.thread, sent.id, Change("more", keep=(), files=(CODE,)))
    assert [(each.name, each.size_bytes) for each in told] == [("code.py", 4)]


async def test_what_stands_far_behind_is_found(post: Post) -> None:
    begin = await post.ann.post(post.thread, "a question")
    for _ in range(150):
        await post.ann.post(post.thread, "// not for the bot")
    sent = await post.outbox.send(post.thread, Outgoing("an answer", "1", reply_to=int(begin["id"])))
    (seen,) = await post.outbox.own_messages(post.thread, int(begin["id"]))
    assert (seen.id, seen.reply_to) == (sent.id, int(begin["id"]))


async def test_without_attach_files_the_permission_is_named(post: Post) -> None:
    post.deny(bits.ATTACH_FILES)
    with pytest.raises(DiscordForbidden):
        await post.outbox.send(post.thread, Outgoing("hello", "1", files=(PICTURE,)))
    sent = await post.outbox.send(post.thread, Outgoing("hello", "1"))
    with pytest.raises(DiscordForbidden):
        await post.outbox.edit(post.thread, sent.id, Change("more", keep=(), files=(PICTURE,)))
    assert shown(post)["content"] == "hello"


async def test_a_file_that_is_too_large_is_rejected_and_not_repeated(post: Post) -> None:
    before = len(post.discord.requests)
    with pytest.raises(DiscordRejected) as caught:
        await post.outbox.send(post.thread, Outgoing("a", "1", files=(Upload("a.txt", bytes(11 << 20)),)))
    assert caught.value.code == 40005
    assert len(post.discord.requests) == before + 1


@pytest.mark.parametrize("controls", [STOP, when_done(77, truncated=False), when_done(77, truncated=True)])
async def test_buttons_come_change_and_go_and_are_read_back(post: Post, controls: Controls) -> None:
    sent = await post.outbox.send(post.thread, Outgoing("hello", "1", controls=controls))
    assert sent.controls == controls
    (seen,) = await post.outbox.own_messages(post.thread, 0)
    assert seen.controls == controls
    ids = [each["custom_id"] for each in shown(post)["components"][0]["components"]]
    assert [buttons.pressed(each) for each in ids] == [(button, 77) for button in controls.buttons]
    await post.outbox.edit(post.thread, sent.id, Change("more"))
    assert shown(post)["components"]
    await post.outbox.edit(post.thread, sent.id, Change(controls=STOP))
    (seen,) = await post.outbox.own_messages(post.thread, 0)
    assert (seen.content, seen.controls) == ("more", STOP)
    await post.outbox.edit(post.thread, sent.id, Change(controls=NONE))
    assert not shown(post)["components"]


async def test_discord_py_keeps_nothing_of_the_buttons(post: Post) -> None:
    sent = await post.outbox.send(post.thread, Outgoing("hello", "1", controls=STOP))
    await post.outbox.edit(post.thread, sent.id, Change(controls=when_done(77, truncated=True)))
    assert not post.client.persistent_views
    assert not post.client._connection._view_store._views


async def test_security_mentions_ping_nobody_and_links_unfurl_only_where_configured(post: Post) -> None:
    text = f"@everyone <@{post.ann.user.id}> https://example.org"
    sent = await post.outbox.send(post.thread, Outgoing(text, "1"))
    await post.outbox.edit(post.thread, sent.id, Change(text + " more", controls=STOP))
    message = shown(post)
    assert message["flags"] == 1 << 2
    assert not message["mentions"]
    assert not message["mention_everyone"]
    unfurling = DiscordOutbox(post.client, archive_minutes=60, suppress_embeds=False)
    sent = await unfurling.send(post.thread, Outgoing("https://example.org", "2", silent=True))
    assert post.discord.message(sent.id)["flags"] == 1 << 12


async def test_a_history_that_cannot_be_read_is_told_from_one_without_messages(post: Post) -> None:
    await post.outbox.send(post.channel, Outgoing("hello", nonce="1"))
    post.know()
    post.outbox.check_history(post.channel)
    post.deny(bits.READ_MESSAGE_HISTORY)
    post.know()
    assert await post.outbox.own_messages(post.channel, 0) == ()
    with pytest.raises(DiscordForbidden) as caught:
        post.outbox.check_history(post.channel)
    assert caught.value.permission == "Read Message History"
