"""The suite misses each safeguard: with one removed, a case fails that passes with all of them.

Each case is also played with nothing removed, so that it is the safeguard that makes the difference. `make test`
plays one case for each; `make points` all of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from bot.store import scripts
from tests.engine import sabotage
from tests.engine.arena import Arena
from tests.engine.cases import Case, Outcome, run
from tests.engine.conftest import ALL, Ahead, cases_of
from tests.engine.rewrites import REWRITES, STALE
from tests.engine.scenarios import KEPT_APART, LASTING, SCENARIOS
from tests.fork_server import environment_with
from tests.forked_process import ForkedProcess, Pipe

pytestmark = pytest.mark.asyncio(loop_scope="module")

PLAYS = {scenario.name: scenario for scenario in (*SCENARIOS, LASTING, *KEPT_APART)}


def case(scenario: str, point: str, do: str, *, beside: bool = False) -> Case:
    """A case by the name of its scenario."""
    return Case(PLAYS[scenario], point, do, beside=beside)


AS_IT_IS = "pulse:before:1", "double"
"""Nothing happens besides what the scenario holds."""

NOTICED_BY = {
    "fencing": [case("two-writers", *AS_IT_IS)],
    "settling": [
        case("two-replies", "edit:before:2", "late"),
        case("two-replies", "edit:before:1", "late"),
        case("two-replies", "edit:before:2", "late", beside=True),
    ],
    "nonce": [
        case("two-replies", "send:before:2", "double"),
        case("two-replies", "send:before:1", "late"),
    ],
    "listing": [case("restart-posted", *AS_IT_IS), case("restart-committed", *AS_IT_IS)],
    "state": [case("two-replies", "commit:before:1", "double")],
    "adoption": [case("forgotten", *AS_IT_IS)],
    "mark": [case("marked-over", *AS_IT_IS)],
    "listed": [case("listed-in-vain", *AS_IT_IS)],
    "may_write": [case("cut-off", *AS_IT_IS)],
    "begun effects": [case("tools", "ring:after:1", "kill"), case("tools", "ring:after:1", "term")],
    "heartbeat": [case("lasting", "event:before:3", "double", beside=True)],
}

TRIES = 3
"""On a busy machine things may come in an order in which nothing is missed; to be missed once is enough."""

FEW_FACTS = "test_memories.py::test_a_place_holds_no_more_facts_than_may_and_of_a_person_no_more_than_a_share"
FEW_THREADS = (
    "test_person_limits.py::test_no_more_threads_open_in_a_minute_than_may_and_the_person_is_told_once"
)
PAUSED = "test_person_limits.py::test_a_paused_person_gets_nothing_until_the_pause_ends_and_is_told_once"

NOTICED_BY_PROTOCOL = {
    "mark": "test_conversations.py::test_a_mark_moves_only_from_where_it_was_and_over_messages_that_are_known",
    "listed": "test_conversations.py::test_a_mark_moves_only_from_where_it_was_and_over_messages_that_are_known",
    "fencing": "test_journal.py::test_who_has_lost_the_lease_can_do_nothing_more",
    "state": "test_journal.py::test_nothing_is_acknowledged_that_was_not_committed",
    "full": "test_budgets.py::test_a_hundred_reservations_of_two_instances_exceed_a_limit_by_one_at_most",
    "expired reservations": "test_budgets.py::test_a_reservation_whose_worker_is_gone_is_given_back_by_the_next_call",
    "earlier attempts": "test_budgets.py::test_the_next_attempt_at_a_turn_gives_back_what_the_one_before_reserved",
    "expected": "test_journal.py::"
    "test_nothing_is_posted_that_answers_a_message_whose_joining_the_store_has_forgotten",
    "migration lease": "test_migration_run.py::test_instances_that_start_together_migrate_once",
    "older instances": "test_schema.py::test_what_an_older_instance_cannot_read_waits_until_none_is_left",
    "settled once": "test_budgets.py::test_a_repeated_call_counts_once",
    "counted once": "test_budgets.py::test_an_answer_counts_once_however_often_its_attempt_is_killed",
    "told person": "test_budgets.py::test_a_person_who_was_told_is_not_told_again_by_the_same_turn",
    "rolled back": "test_budget_rollback.py::test_a_store_that_goes_back_forgets_nothing_that_its_instance_has_seen",
    "floors": "test_budget_rollback.py::test_a_store_that_goes_back_forgets_nothing_that_its_instance_has_seen",
    "server run": "test_budget_rollback.py::"
    "test_an_instance_that_has_lost_nothing_notices_that_the_server_has_started_again",
    "restored first": "test_budget_rollback.py::"
    "test_nothing_is_reserved_on_a_stale_sum_while_the_other_instance_restores",
    "floors once": "test_budget_rollback.py::test_an_older_sight_of_a_counter_does_not_lower_it",
    "own part": "test_budget_rollback.py::"
    "test_what_an_instance_settles_before_another_notices_that_the_store_went_back_counts_too",
    "known reservation": "test_budget_rollback.py::"
    "test_a_server_that_starts_again_and_has_lost_nothing_is_not_logged",
    "told share": "test_budgets.py::test_a_share_is_noted_once_and_never_lowered",
    "rewound": "test_stale_summaries.py::test_while_a_turn_waits_the_window_stays_and_the_summary_goes",
    "replaced": "test_erasure.py::test_an_edit_by_somebody_else_meanwhile_is_not_lost",
    "capped": "test_scope_settings.py::test_rules_that_are_set_at_once_never_pass_the_most",
    "replaced preset": "test_presets.py::test_a_preset_of_the_version_before_is_read_and_replaced",
    "begun": "test_forget_jobs.py::test_a_job_that_is_under_way_is_not_begun_again",
    "searched": "test_forget_jobs.py::test_a_second_search_changes_nothing_once_the_first_is_noted",
    "stepped": "test_forget_jobs.py::test_a_step_of_a_job_that_is_over_or_lost_notes_nothing",
    "left": "test_forget_jobs.py::test_a_job_does_not_end_before_every_key_is_looked_at",
    "quiet": "test_removed_places.py::test_a_conversation_is_quiet_if_nothing_waits_and_its_last_turn_is_older",
    "branched": "test_branches.py::test_the_turns_up_to_the_chosen_one_are_copied_once",
    "branch apart": "test_branches.py::test_a_thread_that_has_turns_of_its_own_is_left_alone",
    "branch fence": "test_branches.py::test_a_turn_that_runs_in_the_thread_already_begins_again_with_the_copy",
    "one wish": "test_branches.py::test_a_second_press_is_the_same_wish_and_a_later_one_another",
    "aside": "test_usage.py::test_a_private_answer_counts_once_for_each_interaction_and_its_mark_expires",
    "held back": "test_held_back.py::test_messages_that_are_held_back_keep_those_of_others_not_waiting",
    "joined": "test_held_back.py::test_what_a_limit_holds_back_is_answered_together_with_the_next_message",
    "unheld": "test_held_back.py::test_a_change_of_a_message_that_is_held_back_leaves_the_running_turn_alone",
    "few threads": FEW_THREADS,
    "over instances": "test_person_limits.py::test_the_limit_holds_over_instances",
    "admitted once": "test_person_limits.py::test_a_repeated_message_gets_the_same_answer_and_counts_nothing",
    "left out once": "test_person_limits.py::test_a_repeated_message_gets_the_same_answer_and_counts_nothing",
    "own minute": "test_person_limits.py::test_a_listing_counts_messages_with_those_of_their_own_minute",
    "one line": FEW_THREADS,
    "pause": PAUSED,
    "before the pause": PAUSED,
    "pause told once": PAUSED,
    "flood counts": "test_person_limits.py::test_a_pause_by_a_flood_is_said_with_the_message_that_led_to_it",
    "event once": "test_person_limits.py::test_an_event_counts_once",
    "decay": "test_person_limits.py::test_the_score_in_the_store_is_that_of_the_rules",
    "told with refusal": "test_person_limits.py::test_a_pause_by_refusals_is_told_by_who_has_added_them",
    "lifted score": "test_person_limits.py::test_a_pause_that_is_lifted_leaves_no_score_behind",
    "few turns": "test_person_turns.py::test_no_more_turns_of_a_person_run_than_may",
    "in order": "test_person_turns.py::test_those_who_wait_are_let_in_by_the_order_of_their_messages",
    "place kept": "test_person_turns.py::test_a_turn_that_has_a_place_keeps_it_when_it_is_attempted_again",
    "place ends": "test_person_turns.py::test_a_place_and_a_wait_that_nobody_takes_back_end",
    "handed over": "test_conversations.py::test_a_conversation_is_handed_over_once_for_each_command",
    "usage forgotten": "test_usage.py::test_a_forgotten_person_is_named_nowhere_and_the_sums_stay",
    "presets": "test_presets.py::test_there_are_no_more_than_can_be_offered_and_those_can_be_changed",
    "facts": FEW_FACTS,
    "facts of a person": FEW_FACTS,
    "final": "test_decisions.py::test_that_another_message_is_answered_in_its_place_stays",
    "changed": "test_scope_settings.py::test_a_change_that_changes_nothing_keeps_no_version",
    "withheld": "test_scope_settings.py::test_each_change_is_noted_once_and_a_prompt_by_its_length",
    "kept by the holder": "test_file_store.py::test_a_worker_whose_turn_was_reset_brings_no_content_back",
    "uploaded by the holder": "test_held_files.py::test_who_has_lost_the_lease_begins_no_upload",
    "noted by the holder": "test_tool_steps.py::test_who_has_lost_the_lease_notes_nothing",
    "noted while running": "test_tool_steps.py::test_nothing_is_noted_for_a_turn_whose_result_is_fixed",
    "begun first": "test_tool_steps.py::test_an_effect_is_begun_once_and_ends_once",
    "unbroken": "test_tool_steps.py::test_a_step_takes_the_place_of_what_was_noted_there_and_behind_it",
    "joined no more": "test_tool_steps.py::test_no_message_joins_a_turn_whose_tools_have_begun",
    "calls of others": "test_call_shares.py::test_no_process_gets_what_another_holds",
    "calls given back": "test_call_shares.py::test_a_share_goes_to_others_once_its_process_says_that_it_holds_less",
    "calls of the dead": "test_call_shares.py::test_the_share_of_a_process_that_is_gone_is_free_again",
    "calls lost": "test_call_shares.py::test_after_the_shares_were_lost_nobody_gets_what_another_still_holds",
    "noted once": "test_scope_settings.py::test_an_act_that_changes_no_setting_is_noted_once",
}
"""Tests of the scripts alone, in tests/store."""

SCRIPTS = {path.stem for path in Path(scripts.__file__).parent.glob("*.lua")} - {"common"}
REWRITTEN = {each.step for rewrites in REWRITES.values() for each in rewrites}

WITHOUT_SAFEGUARDS = frozenset(
    {
        *("amend", "claim", "compare_and_set", "correct", "discard_files", "hold", "join", "leave", "pin"),
        *(
            "receive",
            "record_cost",
            "record_upload",
            "regenerate",
            "release",
            "remove_work",
            "renew",
            "reopen",
        ),
        *("reset", "resume", "revise", "status", "step", "stop"),
    }
)
"""The scripts without a safeguard of their own in the table: those of a turn are hit by `test_points.py`."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A safeguard that is removed, and a case that notices."""

    safeguard: str
    case: Case

    def __str__(self) -> str:
        return f"{self.safeguard}-{self.case}"


REMOVALS = [Removal(name, each) for name, some in NOTICED_BY.items() for each in (some if ALL else some[:1])]


async def removed_and_kept(found: Arena, removal: Removal) -> tuple[bool, Outcome]:
    """Whether a removal is noticed in one of a few tries, and the outcome with nothing removed."""
    for _ in range(TRIES):
        if noticed := bool((await run(found, removal.case, SABOTAGE=removal.safeguard)).breaches):
            break
    return noticed, await run(found, removal.case)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ahead(
    found: Arena, request: pytest.FixtureRequest
) -> AsyncIterator[Ahead[Removal, tuple[bool, Outcome]]]:
    async with Ahead.of(cases_of(request), lambda removal: removed_and_kept(found, removal)) as playing:
        yield playing


@pytest.mark.parametrize("case", REMOVALS, ids=str)
async def test_each_safeguard_is_missed_when_it_is_removed(
    ahead: Ahead[Removal, tuple[bool, Outcome]], case: Removal
) -> None:
    noticed, kept = await ahead.result(case)
    assert not kept.breaches, f"with every safeguard: {kept}"
    assert noticed


async def test_each_safeguard_has_a_test_that_misses_it_and_each_new_script_a_safeguard() -> None:
    assert sabotage.SAFEGUARDS.keys() - {"once"} == NOTICED_BY.keys() | NOTICED_BY_PROTOCOL.keys()
    assert SCRIPTS - REWRITTEN <= WITHOUT_SAFEGUARDS
    assert SCRIPTS >= WITHOUT_SAFEGUARDS


@pytest.mark.parametrize("name", NOTICED_BY_PROTOCOL)
async def test_the_protocols_own_tests_miss_what_is_removed_from_the_scripts(name: str) -> None:
    passed = await _passes(NOTICED_BY_PROTOCOL[name], name)
    assert not passed
    if ALL:
        assert await _passes(NOTICED_BY_PROTOCOL[name], "")


async def _passes(test: str, removed: str) -> bool:
    read_end, write_end = os.pipe()
    output = await Pipe.open(read_end)
    # The process has loaded anyio before, whose plugin for pytest can be rewritten no more.
    unwarned = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    arguments = (*unwarned, "-p", "tests.engine.sabotaged", "-rfp", f"tests/store/{test}")
    environment = environment_with({"SABOTAGE": removed})
    process = await ForkedProcess.start("pytest", arguments, environment, write_end)
    told, code = await output.reader.read(), await process.wait()
    await output.close()
    # A process that fails before its test has the same code as one whose test fails.
    assert re.search(r"^(FAILED|PASSED) ", told.decode(), re.MULTILINE), told.decode()
    assert STALE not in told.decode()
    return code == 0
