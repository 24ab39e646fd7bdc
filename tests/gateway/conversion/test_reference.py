"""What a message replies to."""

from __future__ import annotations

from typing import Any

from bot.conversation.message import Reference
from bot.gateway.conversion import reading
from bot.gateway.conversion.posted_question import posted_question
from bot.gateway.conversion.reference import to_reference
from bot.render.outbox import Outgoing
from tests.gateway.conftest import Post

NOW_MS = 1_000


async def newest(post: Post) -> Reference | None:
    """What the newest message of the thread replies to, as a listing shows it."""
    assert post.client.user
    channel: Any = await post.client.fetch_channel(post.thread)
    (found,) = await reading.messages(post.client, channel, limit=1)
    return to_reference(found, post.client.user.id, now_ms=NOW_MS)


async def test_a_reply_brings_the_message_that_it_replies_to(post: Post) -> None:
    asked = await post.ann.post(post.thread, "hello")
    await post.ann.post(post.thread, "and?", reply_to=asked["id"])
    found = await newest(post)
    assert found is not None
    assert (found.channel, found.message, found.is_deleted) == (post.thread, int(asked["id"]), False)
    assert found.said is not None
    assert (found.said.text, found.said.own, found.read_ms) == ("hello", False, NOW_MS)


async def test_a_reply_to_the_bot_says_so(post: Post) -> None:
    sent = await post.outbox.send(post.thread, Outgoing("an answer", "1"))
    await post.ann.post(post.thread, "and?", reply_to=sent.id)
    found = await newest(post)
    assert found is not None
    assert found.said is not None
    assert found.said.own


async def test_a_reply_to_a_deleted_message_knows_that_it_is_deleted(post: Post) -> None:
    asked = await post.ann.post(post.thread, "hello")
    await post.ann.post(post.thread, "and?", reply_to=asked["id"])
    await post.ann.delete(post.thread, asked["id"])
    assert await newest(post) == Reference(post.thread, int(asked["id"]), is_deleted=True)


async def test_a_forward_and_a_plain_message_are_no_replies(post: Post) -> None:
    original = await post.ann.post(post.channel, "hello")
    await post.ann.forward(post.thread, post.channel, original["id"])
    assert await newest(post) is None
    await post.ann.post(post.thread, "plain")
    assert await newest(post) is None


async def test_a_question_that_the_bot_has_posted_for_somebody_is_not_its_own(post: Post) -> None:
    question = posted_question("Ann", "how do looms work?")
    for silent in (True, False):  # a reply may begin with a name in bold, too
        sent = await post.outbox.send(post.thread, Outgoing(question, f"{silent}", silent=silent))
        await post.ann.post(post.thread, "and?", reply_to=sent.id)
        found = await newest(post)
        assert found is not None
        assert found.said is not None
        assert (found.said.own, found.said.by_app) == (not silent, True)
