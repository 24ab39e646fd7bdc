"""A summary that a person corrects while a turn trims."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.correction import FINGERPRINT_CHARS, fingerprint, reconciled, trims
from bot.conversation.past import Past
from bot.conversation.turn import Preface
from tests.conversation.builders import turn

LOOMS = Preface("They talked of looms.")
TRIMMED = replace(turn(1), preface=LOOMS)
PAST = Past((TRIMMED, turn(2)), window_start=3)
CORRECTION = (TRIMMED.id, "They talked of cloth.")


def test_a_fingerprint_tells_summaries_apart_and_is_short() -> None:
    assert fingerprint("a") == fingerprint("a") != fingerprint("b")
    assert len(fingerprint("a" * 4000)) == FINGERPRINT_CHARS


def test_a_turn_trims_if_its_preface_is_another_than_it_had() -> None:
    assert not trims(None, None)
    assert not trims(turn(2), None)
    assert trims(TRIMMED, None)
    assert not trims(TRIMMED, TRIMMED)
    assert trims(replace(TRIMMED, preface=Preface("Another.")), TRIMMED)


def test_a_summary_that_a_trim_carries_on_is_replaced_by_the_correction() -> None:
    carried = replace(turn(3), preface=replace(LOOMS, pinned=(turn(2),)))
    now, start = reconciled(carried, 5, PAST, CORRECTION)
    assert now.preface == Preface("They talked of cloth.", (turn(2),))
    assert start == 5


def test_a_summary_that_was_made_of_the_uncorrected_one_does_not_count() -> None:
    made = replace(turn(3), preface=Preface("Of looms, and of dyes."))
    assert reconciled(made, 5, PAST, CORRECTION) == (replace(made, preface=None), 3)


def test_a_regeneration_whose_new_summary_does_not_count_keeps_its_earlier_preface() -> None:
    earlier = replace(turn(3), preface=Preface("Of looms."))
    past = replace(PAST, earlier=earlier)
    made = replace(turn(3), preface=Preface("Of looms, and of dyes."))
    now, start = reconciled(made, 5, past, (earlier.id, "Of cloth."))
    assert (now.preface, start) == (earlier.preface, 3)
