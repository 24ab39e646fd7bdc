"""Every failure that Bobbin expects, as one tree.

BobbinError
├── StartError                the bot cannot start: one line for the operator, an exit code of its own
├── ClaudeError               the model could not answer
│   ├── ClaudeBusy            429, 529, 5xx, 408, 409: worth another try
│   ├── ClaudeUnreachable     no connection, a dropped socket, a stall: worth another try
│   ├── ClaudeSpendLimit      429 enforced_spend_limit_reached, 400 usage limits, 402
│   ├── ClaudeKeyRefused      401, 403
│   │   └── ClaudeAccountDisabled  400 "This organization has been disabled"
│   ├── ClaudeWrongAddress    404 or 405 of something else than the Messages API
│   ├── ClaudeEndless         the stream exceeded all that max_tokens allows
│   ├── ClaudeModelUnknown    404
│   ├── ClaudeTooLong         413, or a 400 for a prompt that exceeds the context window
│   ├── ClaudeBlocked         400 or an error event: the output was blocked by Anthropic's content filter
│   └── ClaudeRefusedRequest  any other 400 or 422: our request was wrong
├── CutShort                  a new message ended the running answer (reply.while_answering = interrupt)
├── Stopped                   somebody ended the running answer (the Stop button, /stop)
├── DiscordError              Discord did not do what was asked
│   ├── DiscordGone           10003, 10008: the thread or the message is not there any more
│   ├── DiscordForbidden      50001, 50013, 160002, 160005: a permission is missing
│   ├── DiscordRejected       any other 400: this cannot be done here
│   ├── DiscordTooOld         30046: a message older than an hour may be edited only now and then
│   └── DiscordUnavailable    5xx, a reset connection or a 429, after all tries
├── AnsweredBefore            an earlier try, which the store forgot, has answered more than is known by now
└── StoreError
    ├── Unreadable            Redis holds something that this version cannot read
    ├── Fenced                the lease is somebody else's by now: drop everything at once
    └── StoreUnavailable      Redis does not answer
"""

from __future__ import annotations


class BobbinError(Exception):
    """The root of every failure that Bobbin expects; anything else is a bug."""


class StartError(BobbinError):
    """The bot cannot start; `line` tells the operator what to change."""

    def __init__(self, line: str, *, exit_code: int) -> None:
        super().__init__(line)
        self.line = line
        self.exit_code = exit_code


class ClaudeError(BobbinError):
    """The model could not answer; `request_id` is Anthropic's name for the request, where there is one."""

    def __init__(self, detail: str = "", *, request_id: str | None = None) -> None:
        super().__init__(detail)
        self.request_id = request_id


class ClaudeBusy(ClaudeError):
    """The API asks for patience; `retry_after` is its own wish in seconds, where it has one."""

    def __init__(
        self, detail: str = "", *, request_id: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(detail, request_id=request_id)
        self.retry_after = retry_after


class ClaudeUnreachable(ClaudeError):
    """The connection to the API failed, broke or stalled; `sent` unless it is sure that it never came about."""

    def __init__(self, detail: str = "", *, request_id: str | None = None, sent: bool = True) -> None:
        super().__init__(detail, request_id=request_id)
        self.sent = sent


class ClaudeSpendLimit(ClaudeError):
    """The account may spend no more for now; waiting does not help."""


class ClaudeKeyRefused(ClaudeError):
    """The API key is wrong or may not use this model."""


class ClaudeAccountDisabled(ClaudeKeyRefused):
    """Anthropic has disabled the organization that the key belongs to."""


class ClaudeWrongAddress(ClaudeError):
    """What answers there is not the Messages API."""


class ClaudeEndless(ClaudeError):
    """The server sent more, or for longer, than any reply of `max_tokens` can take."""


class ClaudeModelUnknown(ClaudeError):
    """The API does not know the model (any more); `successor` is what to use in its place, where known."""

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
    """The request does not fit: it has `tokens` and `limit` are allowed, where the API has told both."""

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
    """Anthropic's content filter has blocked the reply; the same request is blocked again."""


class ClaudeRefusedRequest(ClaudeError):
    """The API calls the request invalid."""


class CutShort(BobbinError):
    """A new message ended the running answer."""


class Stopped(BobbinError):
    """Somebody ended the running answer."""


class DiscordError(BobbinError):
    """Discord did not do what was asked."""


class DiscordGone(DiscordError):
    """The thread or the message is not there any more (10003, 10008)."""


class DiscordForbidden(DiscordError):
    """A permission is missing; `permission` is its name as Discord's settings show it, where known."""

    def __init__(self, permission: str = "") -> None:
        super().__init__(permission)
        self.permission = permission


class DiscordRejected(DiscordError):
    """Discord calls the request invalid; `code` is its JSON error code, 0 where it gave none."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(f"code {code}")
        self.code = code


class DiscordTooOld(DiscordError):
    """A message older than an hour is edited too often: only some other way shows what is to be shown (30046)."""


class DiscordUnavailable(DiscordError):
    """Discord did not answer, or not usefully, after all tries."""


class AnsweredBefore(BobbinError):
    """Discord shows an answer of an earlier try, which the store, gone back, has forgotten, to other messages.

    `message` is its id and `reply_to` the message that it points to, where they are known.
    """

    def __init__(self, message: int | None = None, reply_to: int | None = None) -> None:
        super().__init__()
        self.message = message
        self.reply_to = reply_to


class StoreError(BobbinError):
    """The store did not do what was asked."""


class Unreadable(StoreError):
    """Redis holds something that this version of the bot cannot read."""


class Fenced(StoreError):
    """The lease is somebody else's by now, or the turn has ended: whoever sees this drops everything."""


class StoreUnavailable(StoreError):
    """Redis does not answer."""
