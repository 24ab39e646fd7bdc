"""All expected failures, as one tree.

BobbinError
├── StartError                the bot cannot start: one line for the operator, an exit code of its own
├── ClaudeError               the model could not answer
│   ├── ClaudeBusy            429, 529, 5xx, 408, 409: retried
│   ├── ClaudeUnreachable     no connection, a dropped socket, a stall: retried
│   ├── ClaudeSpendLimit      429 enforced_spend_limit_reached, 400 usage limits, 402
│   ├── ClaudeKeyRefused      401, 403
│   │   └── ClaudeAccountDisabled  400 "This organization has been disabled"
│   ├── ClaudeWrongAddress    404 or 405 of a server that is not the Messages API
│   ├── ClaudeEndless         the stream exceeded all that max_tokens allows
│   ├── ClaudeModelUnknown    404
│   ├── ClaudeTooLong         413, or a 400 for a prompt that exceeds the context window
│   ├── ClaudeBlocked         400 or an error event: the output was blocked by Anthropic's content filter
│   └── ClaudeRefusedRequest  any other 400 or 422: our request was wrong
│       ├── ClaudeFileGone    400 or 404 that speaks of a file: perhaps one that expired or was deleted
│       ├── ClaudeToolRefused 400 or 422 that speaks of the request's tools
│       └── ClaudeContainerGone  400 or 404 that speaks of the container of code
├── BudgetReached             a limit is full: no request was sent
├── CutShort                  a new message ended the running answer (reply.while_answering = interrupt)
├── ServerToolUsedUp          Claude went on searching, or reading pages, beyond the limit of one answer
├── Stopped                   somebody ended the running answer (the Stop button, /stop)
├── DiscordError              Discord did not do what was asked
│   ├── DiscordGone           10003, 10008: the thread or the message does not exist any more
│   ├── DiscordForbidden      50001, 50013, 160002, 160005: a permission is missing
│   ├── DiscordRejected       any other 400
│   ├── DiscordTooOld         30046: too many edits of a message older than an hour
│   ├── DiscordNotNow         a rate limit with its end, or a time-out of the bot
│   │   └── DiscordFull       160006: no more active threads; retried every few minutes
│   └── DiscordUnavailable    5xx, a reset connection or a 429, after all tries
├── TurnHeld                  a limit is full, or as many turns of the person run as may: the turn waits
├── AnsweredBefore            an earlier attempt, lost by a rollback of the store, has answered other messages
└── StoreError
    ├── SettingsFull          a scope has as many settings of a kind as it may have: nothing was changed
    ├── Unreadable            Redis holds data that this version cannot read
    ├── Fenced                another instance holds the lease: stop at once
    └── StoreUnavailable      Redis does not answer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.conversation.budget import Limit


class BobbinError(Exception):
    """The root of all expected failures; any other exception is a bug."""


class StartError(BobbinError):
    """The bot cannot start; `line` says what the operator has to change."""

    def __init__(self, line: str, *, exit_code: int) -> None:
        super().__init__(line)
        self.line = line
        self.exit_code = exit_code


class ClaudeError(BobbinError):
    """The model could not answer; `request_id` is Anthropic's id of the request, if there is one."""

    def __init__(self, detail: str = "", *, request_id: str | None = None) -> None:
        super().__init__(detail)
        self.request_id = request_id


class ClaudeBusy(ClaudeError):
    """The API is overloaded or limits the rate; `retry_after` is its own delay in seconds, if it names one.

    `rate_limited`: the limit is that of the operator's account; `overloaded`: the API has too many requests of all.
    """

    def __init__(
        self,
        detail: str = "",
        *,
        request_id: str | None = None,
        retry_after: float | None = None,
        rate_limited: bool = False,
        overloaded: bool = False,
    ) -> None:
        super().__init__(detail, request_id=request_id)
        self.retry_after = retry_after
        self.rate_limited = rate_limited
        self.overloaded = overloaded


class ClaudeUnreachable(ClaudeError):
    """The connection to the API failed, broke or stalled; `sent` is False if the request surely was not sent."""

    def __init__(self, detail: str = "", *, request_id: str | None = None, sent: bool = True) -> None:
        super().__init__(detail, request_id=request_id)
        self.sent = sent


class ClaudeSpendLimit(ClaudeError):
    """The account has reached its spend limit; a retry does not help."""


class ClaudeKeyRefused(ClaudeError):
    """The API key is wrong or may not use this model."""


class ClaudeAccountDisabled(ClaudeKeyRefused):
    """Anthropic has disabled the organization that the key belongs to."""


class ClaudeWrongAddress(ClaudeError):
    """The server at the address is not the Messages API."""


class ClaudeEndless(ClaudeError):
    """The stream is larger, or lasted longer, than a reply of `max_tokens` can."""


class ClaudeModelUnknown(ClaudeError):
    """The API does not know the model (any more); `successor` is its replacement, if known."""

    def __init__(
        self,
        detail: str = "",
        *,
        request_id: str | None = None,
        model: str | None = None,
        successor: str | None = None,
    ) -> None:
        super().__init__(detail, request_id=request_id)
        self.model = model
        self.successor = successor


class ClaudeTooLong(ClaudeError):
    """The prompt is too long: it has `tokens`, and `limit` are allowed; None if the API does not say."""

    def __init__(
        self,
        detail: str = "",
        *,
        request_id: str | None = None,
        tokens: int | None = None,
        limit: int | None = None,
    ) -> None:
        super().__init__(detail, request_id=request_id)
        self.tokens = tokens
        self.limit = limit


class ClaudeBlocked(ClaudeError):
    """Anthropic's content filter has blocked the reply; the same request would be blocked again."""


class ClaudeRefusedRequest(ClaudeError):
    """The API calls the request invalid."""


class ClaudeFileGone(ClaudeRefusedRequest):
    """The API complains of a file: perhaps one that has expired or was deleted."""


class ClaudeToolRefused(ClaudeRefusedRequest):
    """The API refuses tools of the request: those that it names, or it does not say which."""

    def __init__(
        self, detail: str = "", *, request_id: str | None = None, tools: tuple[str, ...] = ()
    ) -> None:
        super().__init__(detail, request_id=request_id)
        self.tools = tools


class ClaudeContainerGone(ClaudeRefusedRequest):
    """The container in which code has run does not exist any more."""


class BudgetReached(BobbinError):
    """A limit is full; `tell` if the person was not told of it in this window, `renews_s` is when it renews.

    `presser` is whose limit that is, if it is not who has asked.
    """

    def __init__(
        self, limit: Limit, *, tell: bool, renews_s: int | None = None, presser: int | None = None
    ) -> None:
        super().__init__(f"{limit.rule.subject}: {limit.amount}")
        self.presser = presser
        self.limit = limit
        self.tell = tell
        self.renews_s = limit.renews_s if renews_s is None else renews_s


class CutShort(BobbinError):
    """A new message ended the running answer."""


class ServerToolUsedUp(BobbinError):
    """Claude called a tool of the server beyond the limit of one turn, although told not to."""

    def __init__(self, tool: str) -> None:
        super().__init__(tool)
        self.tool = tool


class Stopped(BobbinError):
    """Somebody ended the running answer."""


class DiscordError(BobbinError):
    """Discord did not do what was asked; `status` and `code` are those of its answer, 0 where it gave none."""

    status = 0
    code = 0


class DiscordGone(DiscordError):
    """The thread or the message does not exist any more (10003, 10008)."""


class DiscordForbidden(DiscordError):
    """A permission is missing; `permission` is its name as Discord's settings show it, if known."""

    def __init__(self, permission: str = "") -> None:
        super().__init__(permission)
        self.permission = permission


class DiscordRejected(DiscordError):
    """Discord calls the request invalid; `code` is its JSON error code, 0 where it gave none."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(f"code {code}")
        self.code = code


class DiscordTooOld(DiscordError):
    """A message older than an hour was edited too often (30046): the text has to be shown in another message."""


class DiscordNotNow(DiscordError):
    """Discord allows the call in `for_s` seconds at the earliest; no call is made until then."""

    def __init__(self, for_s: float) -> None:
        super().__init__(f"not within {for_s:.0f} s")
        self.for_s = for_s


class DiscordFull(DiscordNotNow):
    """The server has as many active threads as Discord allows (160006); the next try is in `for_s` seconds."""


class DiscordUnavailable(DiscordError):
    """Discord did not answer, or answered with an error, after all retries."""


class TurnHeld(BobbinError):
    """The messages that the journal has been told to hold back wait for `for_s` seconds; others need not wait."""

    def __init__(self, for_s: float) -> None:
        super().__init__(f"not within {for_s:.0f} s")
        self.for_s = for_s


class AnsweredBefore(BobbinError):
    """Discord shows a reply of an earlier attempt, lost by a rollback of the store, to other messages.

    `message` is the id of the reply and `reply_to` the message that it references, if known.
    """

    def __init__(self, message: int | None = None, reply_to: int | None = None) -> None:
        super().__init__()
        self.message = message
        self.reply_to = reply_to


class StoreError(BobbinError):
    """The store failed."""


class SettingsFull(StoreError):
    """A scope has as many settings of a kind as it may have: nothing was changed."""


class Unreadable(StoreError):
    """Redis holds data that this version of the bot cannot read."""


class Fenced(StoreError):
    """Another instance holds the lease, or the turn has ended: the caller stops at once."""


class StoreUnavailable(StoreError):
    """Redis does not answer."""
