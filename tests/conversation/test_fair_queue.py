"""Who is next among those that wait."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.fair_queue import COMMANDS_IN_A_ROW, Caller, FairQueue, Ticket

callers = st.builds(Caller, st.integers(1, 4), st.booleans())
chats = st.builds(Caller, st.integers(1, 4))


def filled(given_callers: list[Caller]) -> tuple[FairQueue[Ticket], list[Ticket]]:
    """A queue of tickets that came in this order."""
    queue: FairQueue[Ticket] = FairQueue()
    tickets = [Ticket(number, caller) for number, caller in enumerate(given_callers)]
    for ticket in tickets:
        queue.add(ticket, ticket)
    return queue, tickets


def drained(queue: FairQueue[Ticket]) -> list[Ticket]:
    return [queue.take() for _ in range(len(queue))]


@given(st.lists(callers), st.integers(0, 6))
def test_each_is_served_once_and_the_number_before_each_is_what_was_told(
    given_callers: list[Caller], taken: int
) -> None:
    queue, tickets = filled(given_callers)
    for _ in range(min(taken, len(queue))):
        tickets.remove(queue.take())
    told = {ticket: queue.before(ticket) for ticket in tickets}
    order = drained(queue)
    assert sorted(order) == tickets
    assert {ticket: order.index(ticket) for ticket in tickets} == told


@given(st.lists(callers))
def test_within_a_server_the_order_is_kept(given_callers: list[Caller]) -> None:
    queue, _ = filled(given_callers)
    order = drained(queue)
    for caller in set(given_callers):
        numbers = [ticket.number for ticket in order if ticket.caller == caller]
        assert numbers == sorted(numbers)


@given(st.lists(chats, min_size=1))
def test_no_server_is_served_twice_while_another_waits_to_be_served_once(given_callers: list[Caller]) -> None:
    queue, _ = filled(given_callers)
    left = Counter(caller.server for caller in given_callers)
    served: Counter[int] = Counter()
    for ticket in drained(queue):
        server = ticket.caller.server
        assert served[server] <= min(served[other] for other in left if left[other])
        left[server] -= 1
        served[server] += 1


@given(st.lists(callers), st.data())
def test_a_server_with_one_item_is_served_within_a_round_however_many_others_bring(
    given_callers: list[Caller], data: st.DataObject
) -> None:
    queue, _ = filled(given_callers)
    small = Ticket(1000, Caller(99))
    queue.add(small, small)
    servers = len({caller.server for caller in given_callers})
    number = 2000
    for served in range((servers + 1) * (COMMANDS_IN_A_ROW + 1)):
        if queue.take() == small:
            break
        number += 1
        queue.add(another := Ticket(number, data.draw(callers)), another)
        assert served < (servers + 4) * (COMMANDS_IN_A_ROW + 1)
    else:
        raise AssertionError("starved")


@given(st.lists(callers, min_size=1), st.data())
def test_what_comes_back_is_at_its_old_place_and_what_leaves_is_not_missed(
    given_callers: list[Caller], data: st.DataObject
) -> None:
    queue, tickets = filled(given_callers)
    leaving = data.draw(st.sampled_from(tickets))
    queue.remove(leaving)
    queue.remove(leaving)
    assert leaving not in queue
    back = queue.take() if len(queue) else leaving
    queue.add(back, back)
    own = [ticket for ticket in drained(queue) if ticket.caller == back.caller]
    assert own == sorted(own)


def test_commands_come_before_chat_and_starve_no_chat() -> None:
    queue, _ = filled([Caller(1)] * 2 + [Caller(2, is_command=True)] * (COMMANDS_IN_A_ROW + 1))
    kinds = [ticket.caller.is_command for ticket in drained(queue)]
    assert kinds == [True] * COMMANDS_IN_A_ROW + [False, True, False]
