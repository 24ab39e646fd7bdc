"""Who is next: commands before chat, servers in turn, within a server those that came first."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

COMMANDS_IN_A_ROW = 4
"""After so many commands one chat is served, so that commands starve nobody."""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom something waits: a server, or a conversation of direct messages; a command's person looks on.

    `asked_ms` is when the person has asked, in milliseconds since 1970; 0 means now.
    """

    server: int = 0
    is_command: bool = False
    asked_ms: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Ticket:
    """A place in the queue. `number` counts arrivals: what comes back keeps the place that it had."""

    number: int
    caller: Caller


class _Rotation:
    """Tickets by server; the servers are served in turn, each by the order of arrival."""

    def __init__(self) -> None:
        self._servers: OrderedDict[int, list[Ticket]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, ticket: Ticket) -> None:
        insort(self._servers.setdefault(ticket.caller.server, []), ticket, key=_number)
        self._count += 1

    def remove(self, ticket: Ticket) -> None:
        server = ticket.caller.server
        tickets = self._servers[server]
        del tickets[_place(tickets, ticket)]
        self._count -= 1
        if not tickets:
            del self._servers[server]

    def take(self) -> Ticket:
        server, tickets = next(iter(self._servers.items()))
        ticket = tickets[0]
        self._servers.move_to_end(server)
        self.remove(ticket)
        return ticket

    def before(self, ticket: Ticket) -> int:
        own = _place(self._servers[ticket.caller.server], ticket)
        count, passed = own, False
        for server, tickets in self._servers.items():
            if server == ticket.caller.server:
                passed = True
            else:  # those in front of the server in the rotation are served once more
                count += min(len(tickets), own if passed else own + 1)
        return count


class FairQueue(Generic[T]):
    """Items that wait, each under its ticket."""

    def __init__(self) -> None:
        self._commands, self._chats = _Rotation(), _Rotation()
        self._commands_taken = 0
        self._items: dict[Ticket, T] = {}

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, ticket: Ticket) -> bool:
        return ticket in self._items

    def add(self, ticket: Ticket, item: T) -> None:
        """Have an item wait."""
        self._rotation(ticket).add(ticket)
        self._items[ticket] = item

    def remove(self, ticket: Ticket) -> None:
        """Take out an item that waits no longer; does nothing for one that was taken."""
        if self._items.pop(ticket, None) is not None:
            self._rotation(ticket).remove(ticket)

    def take(self) -> T:
        """Take out the next item; the queue must not be empty."""
        is_command = len(self._commands) > 0 and (
            self._commands_taken < COMMANDS_IN_A_ROW or not len(self._chats)
        )
        self._commands_taken = min(self._commands_taken + 1, COMMANDS_IN_A_ROW) if is_command else 0
        ticket = (self._commands if is_command else self._chats).take()
        return self._items.pop(ticket)

    def before(self, ticket: Ticket) -> int:
        """Return how many items are served before this one, if no other comes."""
        count = self._rotation(ticket).before(ticket)
        if ticket.caller.is_command:
            # As the count reaches COMMANDS_IN_A_ROW, a chat is served before the next command.
            return count + min(len(self._chats), (count + self._commands_taken) // COMMANDS_IN_A_ROW)
        commands = (count + 1) * COMMANDS_IN_A_ROW - self._commands_taken
        return count + min(len(self._commands), commands)

    def _rotation(self, ticket: Ticket) -> _Rotation:
        return self._commands if ticket.caller.is_command else self._chats


def _place(tickets: list[Ticket], ticket: Ticket) -> int:
    # Each of those that wait looks once a second: a search from the beginning would take time of its square.
    return tickets.index(ticket, bisect_left(tickets, ticket.number, key=_number))


def _number(ticket: Ticket) -> int:
    return ticket.number
