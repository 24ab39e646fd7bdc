"""The settings that people can see: one row for each; which value applies in a place, and where that was set."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.conversation.access_rules import FAMILY, PERSON, ROLE
from bot.conversation.answer_mode import ANSWER, mode_in_force
from bot.conversation.audit import AUDIT_CHANNEL
from bot.conversation.budget import ALL, EACH, NOTIFY, PREFIX
from bot.conversation.privacy import RETENTION_DAYS
from bot.conversation.scope import SYSTEM, Origin, Scope, Settings, in_force
from bot.conversation.tool_settings import FAMILY as TOOLS
from bot.conversation.tool_settings import told

ON_OFF = {"True": "on", "False": "off"}
ANSWERED = {
    "always": "all",
    "mentioned": "those that mention me",
    "auto": "all but those for somebody else",
}
WHILE_ANSWERING = {"queue": "waits", "interrupt": "ends that answer"}
AT_LIMIT = {"drop": "is left unanswered", "keep": "is answered when the limit renews"}
REQUIRED = {"True": "required", "False": "not required"}
TITLES = {"generated": "written by Claude", "message": "the first words of the message"}
ON_TRIM = {"drop": "are left out", "summarize": "are summed up"}
THINKING = {"default": "as the model does by itself"}


@dataclass(frozen=True, slots=True)
class OperatorValue:
    """What the operator's settings say: the value as text, and whether it `is_set` or is the default."""

    value: str
    is_set: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A setting: the `label` for people, its `name` in the scopes, its `key` in the operator's settings.

    A setting without a name cannot be set for a scope; one without a key has no default. A name that ends with `:`
    stands for all settings whose names begin so: all of them apply, and each scope has its own. `shown` is called
    with the name and the value, and writes the value for people. `in_force` is called with the settings by scope and
    the name, and returns the one that applies. If the row `is_capped`, the operator's value is the highest that
    counts. A row `for_managers` is shown to those who manage the server.
    """

    label: str
    name: str = ""
    key: str = ""
    shown: Callable[[str, str], str] = lambda _name, value: value
    in_force: Callable[[Mapping[Scope, Settings], str], Origin | None] = in_force
    is_capped: bool = False
    for_managers: bool = False

    @property
    def is_family(self) -> bool:
        """Whether the row stands for several settings."""
        return self.name.endswith(":")


@dataclass(frozen=True, slots=True)
class Applied:
    """A setting as it applies: `origin` is None where the operator's value does, which `is_default` or is set."""

    label: str
    value: str
    origin: Origin | None = None
    is_default: bool = True


def _length(_name: str, value: str) -> str:
    return f"a text of {len(value):,} characters" if value else "none"


def _in_words(words: Mapping[str, str]) -> Callable[[str, str], str]:
    def shown(_name: str, value: str) -> str:
        return words.get(value, value)

    return shown


def _or_none(_name: str, value: str) -> str:
    return f"`{value}`" if value else "none"


def _or_no_limit(_name: str, value: str) -> str:
    return "no limit" if value == "0" else value


def _channel(_name: str, value: str) -> str:
    return f"<#{value}>"


def _number_of(unit: str) -> Callable[[str, str], str]:
    def shown(_name: str, value: str) -> str:
        return f"{float(value):,.10g} {unit}"

    return shown


def _most(unit: str) -> Callable[[str, str], str]:
    def shown(_name: str, value: str) -> str:
        return f"{float(value):,.10g} {unit}" if float(value) else "no limit"

    return shown


def _answer_mode(by_scope: Mapping[Scope, Settings], _name: str) -> Origin | None:
    found = mode_in_force(by_scope)
    return None if found is None else found.origin


def _rule(name: str, value: str) -> str:
    mention = f"<@&{name.removeprefix(ROLE)}>" if name.startswith(ROLE) else f"<@{name.removeprefix(PERSON)}>"
    return f"{value} {mention}"


def _roles(_name: str, value: str) -> str:
    return f"only {len(value.split(','))} of the roles" if value else "everybody"


def _limit(name: str, value: str) -> str:
    who = name.removeprefix(PREFIX).rsplit(":", 2)[0]
    kind, _, target = who.partition(":")
    mentions = {"person": f"<@{target}>", "role": f"<@&{target}>", ALL: "all together", EACH: "each person"}
    return f"{value} for {mentions.get(kind, kind)}"


ROWS = (
    Row("Which messages I answer", ANSWER, in_force=_answer_mode),
    Row("Who may use me", FAMILY, shown=_rule, for_managers=True),
    Row("Who may use me without a rule", key="access.allow_roles", shown=_roles),
    Row("Model", "model", "claude.model"),
    Row("Effort", "effort", "claude.effort"),
    Row("Thinking", "thinking", "claude.thinking", _in_words(THINKING)),
    Row("System prompt", SYSTEM, "claude.system", _length),
    Row("Tool", TOOLS, shown=told),
    Row("Tools that are on where nobody has set others", key="tools.on", shown=_or_none),
    Row("Tools that are never on", key="tools.never", shown=_or_none),
    Row("Web searches of a day in each server", key="tools.searches_per_day", shown=_or_no_limit),
    Row("Limit", "budget:", shown=_limit),
    Row("Limits of the whole bot", key="budgets.bot", shown=_or_none),
    Row("Limits of each server", key="budgets.server", shown=_or_none),
    Row("Limits of each channel", key="budgets.channel", shown=_or_none),
    Row("Limits of each person", key="budgets.person", shown=_or_none),
    Row("A message at a limit", key="budgets.at_limit", shown=_in_words(AT_LIMIT)),
    Row("Model that answers at a limit", key="budgets.fallback_model", shown=_or_none),
    Row("Limits of that model for each person", key="budgets.fallback", shown=_or_none),
    Row("Models that answer where that one does not", key="claude.fallback", shown=_or_none),
    Row("Told of limits that are nearly used up", NOTIFY, shown=_channel),
    Row("Channel of the audit log", AUDIT_CHANNEL, shown=_channel),
    Row("Messages in threads that I answer", key="reply.when", shown=_in_words(ANSWERED)),
    Row("Prefix of messages that I leave alone", key="reply.ignore_prefix", shown=_or_none),
    Row("Direct messages", key="discord.direct_messages", shown=_in_words(ON_OFF)),
    Row("A message while I answer another", key="reply.while_answering", shown=_in_words(WHILE_ANSWERING)),
    Row("Names of threads", key="reply.titles", shown=_in_words(TITLES)),
    Row("Earlier messages that I read at the first mention", key="reply.context_messages"),
    Row("Longest history", key="history.max_tokens", shown=_number_of("tokens")),
    Row("Beyond that, the oldest messages", key="history.on_trim", shown=_in_words(ON_TRIM)),
    Row(
        "A quiet conversation is deleted after",
        RETENTION_DAYS,
        "history.ttl_days",
        _number_of("days"),
        is_capped=True,
    ),
    Row("Largest file that I read", key="files.max_mb", shown=_number_of("MB")),
    Row(
        "Missed messages are answered up to an age of",
        key="recovery.max_age_hours",
        shown=_number_of("hours"),
    ),
    Row("New threads of a person", key="limits.threads_per_minute", shown=_most("a minute")),
    Row("Replies to a person at the same time", key="limits.turns_per_person", shown=_most("at most")),
    Row("Refusals in short order before I pause", key="limits.refusals", shown=_most("at most")),
    Row("Consent before I answer somebody", key="privacy.require_consent", shown=_in_words(REQUIRED)),
    Row("Usage is kept for", key="usage.ttl_days", shown=_number_of("days")),
    Row("The audit log is kept for", key="audit.ttl_days", shown=_number_of("days")),
)
"""In the order in which they are shown. A new setting is one line here."""


def applied(
    by_scope: Mapping[Scope, Settings], operator: Mapping[str, OperatorValue], rows: tuple[Row, ...] = ROWS
) -> Iterator[Applied]:
    """Yield the settings that apply; `by_scope` has the narrowest scope first."""
    for row in rows:
        if row.is_family:
            yield from _family(row, by_scope)
            continue
        default = operator.get(row.key)
        origin = row.in_force(by_scope, row.name)
        if origin is not None:
            value = origin.setting.value
            if row.is_capped and default is not None:
                value = min(value, default.value, key=float)
            yield Applied(row.label, row.shown(row.name, value), origin)
        elif default is not None:
            yield Applied(row.label, row.shown(row.name, default.value), is_default=not default.is_set)


def _family(row: Row, by_scope: Mapping[Scope, Settings]) -> Iterator[Applied]:
    for scope, settings in by_scope.items():
        for name, setting in sorted(settings.items()):
            if name.startswith(row.name):
                yield Applied(row.label, row.shown(name, setting.value), Origin(scope, setting))


OPERATOR_KEYS = tuple(row.key for row in ROWS if row.key)
"""The operator's settings that the table shows."""
