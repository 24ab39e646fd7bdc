"""Whether the bot takes part in a thread."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.conversation.intake import Where
from bot.gateway.events.thread_kind import thread_kind
from bot.store.claim import Meta

ME, SOMEBODY = 3, 2
AT = 10


@pytest.mark.parametrize(
    ("owner", "meta", "kind"),
    [
        (ME, None, Where.OWN_THREAD),
        (ME, Meta(left=AT - 1), Where.OTHER_THREAD),
        (ME, Meta(left=AT), Where.OWN_THREAD),
        (ME, Meta(left=AT - 2, joined=AT - 1), Where.JOINED_THREAD),
        (SOMEBODY, None, Where.OTHER_THREAD),
        (SOMEBODY, Meta(), Where.OTHER_THREAD),
        (SOMEBODY, Meta(joined=AT + 1), Where.OTHER_THREAD),
        (SOMEBODY, Meta(joined=AT), Where.JOINED_THREAD),
        (SOMEBODY, Meta(left=AT - 1), Where.OTHER_THREAD),
    ],
)
def test_a_thread_is_the_bots_by_its_owner_until_it_leaves_and_else_from_the_mention_on(
    owner: int, meta: Meta | None, kind: Where
) -> None:
    thread = cast("Any", SimpleNamespace(owner_id=owner))
    assert thread_kind(thread, ME, meta, AT) is kind
