"""The choices and answers of /tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.commands import permission_rules
from bot.commands.code_block import ANSWER_CHARS, fenced
from bot.commands.scopes import scope_name, where_set
from bot.conversation import wording
from bot.conversation.scope import Scope, Settings
from bot.conversation.server_tools import WEB_SEARCH
from bot.conversation.tool_settings import general, role_settings
from bot.tools.mcp.remote_tools import Change
from bot.tools.offer import ToolFacts

MOST_CHOICES = 25
"""The most choices of an autocompletion (Discord, "Autocomplete")."""

RULE = permission_rules.Rule(("manages_threads", "manages_server"), direct=False)
"""For switching tools on in a thread, and for removing the setting of one that was switched off."""

REFUSALS = {
    Scope.THREAD: permission_rules.BY_SCOPE[Scope.THREAD].refusal("switch off its tools"),
    Scope.CHANNEL: permission_rules.BY_SCOPE[Scope.CHANNEL].refusal("choose the tools of a channel"),
    Scope.SERVER: permission_rules.BY_SCOPE[Scope.SERVER].refusal("choose the tools of a server"),
}
MAY_NOT_SWITCH_ON = RULE.refusal("give a thread more tools; whoever started it can switch them off")
OFF_ONLY = "In direct messages you can only switch tools off. Whoever runs me chooses which tools are on."
NO_ROLES_HERE = "There are no roles in direct messages: leave `role` out."
NONE_AT_ALL = "There are no tools here."
CHANGED_AT_SERVER = (
    "**The server of `{tool}` has changed the tool.** Claude cannot call the tool until somebody accepts the "
    "change."
)
ACCEPT = "To accept the change, switch `{tool}` on again with /tools set. This is what has changed:"
DEFINITION = "This is how its server describes the tool. It stays so until the tool is switched on again:"
CHANGED_SOON = "It applies from the next message on."
CACHE = "The next message costs a little more, because other tools make the cached conversation unusable."


LEGEND = "A thread's setting overrides its channel's, and that overrides the server's. Change them with /tools set."
LEGEND_IN_DMS = "To switch a tool off here, use /tools set."


def unknown(typed: str, known: Sequence[ToolFacts]) -> str:
    names = ", ".join(f"`{each.name}`" for each in known) or "none"
    return f"There is no tool called {wording.named_file(typed, 'that')}. There are: {names}."


def runs_there(name: str) -> str:
    """Say why a server tool has neither the state `ask` nor settings for roles."""
    return (
        f"`{name}` runs at Anthropic within Claude's answer, so I cannot stop a single call. It can only be on or "
        "off for everybody in a thread, channel or server. To give it to some people only, switch it on in a channel "
        "of their own."
    )


def offered(known: Sequence[ToolFacts], typed: str) -> list[str]:
    """Return the names that contain what was typed."""
    wanted = typed.strip().casefold()
    return [each.name for each in known if wanted in each.name.casefold()][:MOST_CHOICES]


def shown(
    known: Sequence[ToolFacts],
    on: Sequence[str],
    by_scope: Mapping[Scope, Settings],
    *,
    names_person: bool,
    elsewhere: int | None = None,
    is_direct: bool = False,
    searches: tuple[int, int] | None = None,
) -> Iterator[str]:
    """Yield the messages of the answer.

    `on` are the tools that requests offer; `searches` are today's web searches and the limit of a day.
    """
    if not known:
        yield NONE_AT_ALL
        return
    lines = [
        "**The tools that Claude may call here**" if elsewhere is None else f"**Tools in <#{elsewhere}>**"
    ]
    if searches is not None and WEB_SEARCH in on:
        used, most = searches
        lines.append(wording.small(f"Web searches today: {used} of {most}; the day ends at 0:00 UTC."))
    for each in sorted(known, key=lambda tool: tool.name not in on):  # those that are on first
        lines += _lines(
            each,
            each.name in on,
            by_scope,
            names_person=names_person,
            elsewhere=elsewhere,
            is_direct=is_direct,
        )
    lines.append(wording.small(LEGEND_IN_DMS if is_direct else LEGEND))
    text = ""
    for line in lines:
        if text and len(text) + 1 + len(line) > ANSWER_CHARS:
            yield text
            text = ""
        text = f"{text}\n{line}" if text else line
    yield text


def _lines(
    tool: ToolFacts,
    is_on: bool,
    by_scope: Mapping[Scope, Settings],
    *,
    names_person: bool,
    elsewhere: int | None,
    is_direct: bool,
) -> Iterator[str]:
    origin = general(by_scope, tool.name)
    where = "the default"
    if origin is not None:
        where = where_set(origin, names_person=names_person, elsewhere=elsewhere, is_direct=is_direct)
    state = origin.setting.value if origin is not None else "on" if is_on else "off"
    if state == "on" and tool.asks and origin is None:
        state = "ask"
    if origin is None and not is_on:
        where = "nobody has switched it on"
    yield f"- `{tool.name}` **{state}** ({where}): {tool.about}"
    for each in role_settings(by_scope, tool.name):
        origin = each.origin
        where = where_set(origin, names_person=names_person, elsewhere=elsewhere)
        yield f"  - **{origin.setting.value}** for <@&{each.role}> ({where})"


def may_accept(person: permission_rules.Person) -> bool:
    """Whether a person may accept that an MCP server has changed a tool."""
    return person.manages_server or RULE.allows(person)


def changed_at_servers(changes: Sequence[Change], *, in_full: bool) -> Iterator[str]:
    """Yield messages about tools that their MCP servers have changed; `in_full` for people who can accept it."""
    for change in changes:
        heading = CHANGED_AT_SERVER.format(tool=change.tool)
        yield _in_block(f"{heading} {ACCEPT.format(tool=change.tool)}", change.told) if in_full else heading


def with_definition(answer: str, definition: str) -> str:
    """Add the definition of a remote tool, which is stored with the setting."""
    return _in_block(f"{answer}\n{DEFINITION}", definition)


def _in_block(heading: str, text: str) -> str:
    inside = fenced(text)
    most = ANSWER_CHARS - len(heading) - len("\n```text\n\n```")
    inside = inside if len(inside) <= most else inside[: most - 1] + "…"
    return f"{heading}\n```text\n{inside}\n```"


def changed(
    name: str, state: str, scope: Scope, role: int | None, server: int | None, elsewhere: int | None
) -> str:
    where = scope_name(scope, elsewhere, is_direct=server is None)
    whom = "" if role is None else " for everybody" if role == server else f" for <@&{role}>"
    if state == "default":
        return f"The setting for `{name}`{whom} in {where} is removed. {CHANGED_SOON}"
    means = {
        "on": "is on",
        "off": "is off",
        "ask": "waits for a permission at each call",
    }[state]
    lines = f"`{name}` {means}{whom} in {where}. {CHANGED_SOON}"
    return lines if role is not None else f"{lines}\n{wording.small(CACHE)}"


def nothing_set(name: str, scope: Scope, elsewhere: int | None, *, is_direct: bool = False) -> str:
    """Say that there was nothing to remove."""
    return f"Nothing is set for `{name}` in {scope_name(scope, elsewhere, is_direct=is_direct)}."
