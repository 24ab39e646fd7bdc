"""Who may write, and who has lost the lease."""

from __future__ import annotations

import pytest

from bot.conversation.errors import Fenced
from bot.render.permit import PATIENCE_S, Permit


def test_a_call_may_be_made_whenever_the_lease_is_held() -> None:
    held = [True, False, True]
    permit = Permit(lambda: held.pop(0))
    assert [permit.granted(now_s) for now_s in (0.0, 1.0, 2.0)] == [True, False, True]


def test_who_may_not_write_for_longer_than_any_lease_has_lost_it() -> None:
    permit = Permit(lambda: False)
    assert not permit.granted(5.0)
    assert not permit.granted(5.0 + PATIENCE_S)
    with pytest.raises(Fenced):
        permit.granted(5.1 + PATIENCE_S)


def test_patience_begins_anew_once_a_call_could_be_made() -> None:
    held = [False, True, False]
    permit = Permit(lambda: held.pop(0))
    assert [permit.granted(now_s) for now_s in (0.0, 1.0, 2 * PATIENCE_S)] == [False, True, False]
