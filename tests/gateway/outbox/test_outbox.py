"""What the outbox promises of each call."""

from __future__ import annotations

from bot.render.outbox import Change, Outgoing
from tests.gateway.conftest import Post


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
