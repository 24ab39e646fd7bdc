"""The rules for Discord: the application, the servers, the channels and the commands."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import Exit
from bot.conversation.clock import MOST_OFF_S
from bot.findings.facts import ChannelFacts, CommandFacts, DiscordFacts, ServerFacts
from bot.findings.finding import Finding, Fix, Severity
from bot.findings.ids import Id

PORTAL = "https://discord.com/developers/applications"

SWITCH_ON_INTENT = f"switch on “Message Content Intent” at {PORTAL} under Bot, Privileged Gateway Intents"

SLOW_S = 2.0

FEW_STARTS = 50
"""Discord resets the token of a bot that starts more sessions in a day than it may."""


def intent(facts: DiscordFacts) -> Iterator[Finding]:
    """Without the intent the gateway refuses the connection."""
    if facts.application.has_message_content is False:
        yield Finding(
            Id.INTENT,
            Severity.ERROR,
            "The Message Content intent of the application is switched off",
            SWITCH_ON_INTENT,
            ("Message Content Intent",),
            Fix.INTENT,
            Exit.DISCORD_INTENT,
        )


def endpoint(facts: DiscordFacts) -> Iterator[Finding]:
    """With an endpoint Discord sends no interaction to the gateway."""
    if facts.application.has_endpoint:
        yield Finding(
            Id.ENDPOINT,
            Severity.WARNING,
            "The application has an interactions endpoint URL: no command and no button reaches the bot",
            f"clear “Interactions Endpoint URL” at {PORTAL} under General Information",
            ("Interactions Endpoint URL",),
            Fix.ENDPOINT,
        )


def code_grant(facts: DiscordFacts) -> Iterator[Finding]:
    """The invite link would end with an error."""
    if facts.application.needs_code_grant:
        yield Finding(
            Id.CODE_GRANT,
            Severity.WARNING,
            "The application requires an OAuth2 code grant: the invite link does not work",
            f"switch off “Requires OAuth2 Code Grant” at {PORTAL} under Bot",
            ("Requires OAuth2 Code Grant",),
        )


def not_public(facts: DiscordFacts) -> Iterator[Finding]:
    """Only the owner can invite such a bot."""
    if not facts.application.is_public:
        yield Finding(
            Id.NOT_PUBLIC,
            Severity.NOTE,
            "Only the owner of the application can invite the bot",
            f"switch on “Public Bot” at {PORTAL} under Bot, if others are to invite it",
            ("Public Bot",),
        )


def install_link(facts: DiscordFacts) -> Iterator[Finding]:
    """The link of the portal and of the bot's profile, which people use as well."""
    application = facts.application
    if not application.has_install_link or not (application.excess or application.lacking):
        return
    more = f"asks for more than the bot needs: {', '.join(application.excess)}" if application.excess else ""
    less = f"does not ask for {', '.join(application.lacking)}" if application.lacking else ""
    yield Finding(
        Id.INSTALL_LINK,
        Severity.NOTE,
        f"The install link of the application {' and '.join(filter(None, (more, less)))}",
        f"set the permissions at {PORTAL} under Installation, or use {facts.invite}",
        application.excess + application.lacking,
        Fix.INSTALL_LINK,
    )


def gateway(facts: DiscordFacts) -> Iterator[Finding]:
    """REST may work where the gateway does not."""
    if facts.gateway_problem:
        yield Finding(
            Id.GATEWAY,
            Severity.ERROR,
            f"The gateway of Discord cannot be reached ({facts.gateway_problem})",
            "check the network and the proxy, or discord.gateway_url (BOT_DISCORD__GATEWAY_URL) if you changed it",
            ("discord.gateway_url",),
            exit_code=Exit.DISCORD_UNREACHABLE,
        )


def shards(facts: DiscordFacts) -> Iterator[Finding]:
    """Discord refuses the connection of a shard of too many servers."""
    if facts.shard_count is not None and facts.shard_count < facts.shards_advised:
        yield Finding(
            Id.SHARDS,
            Severity.WARNING,
            f"discord.shard_count is {facts.shard_count}, and Discord advises {facts.shards_advised} shards: it "
            "refuses a shard of more than 2500 servers",
            "raise discord.shard_count in all processes",
            ("discord.shard_count",),
        )


def session_starts(facts: DiscordFacts) -> Iterator[Finding]:
    """Something restarts the bot again and again."""
    left = facts.session_starts_left
    if left is not None and left < FEW_STARTS:
        yield Finding(
            Id.IDENTIFIES,
            Severity.WARNING,
            f"Discord lets the bot start {left} more sessions today, and resets the token beyond that",
            "find out what restarts the bot, and stop it until tomorrow",
        )


def clock(facts: DiscordFacts) -> Iterator[Finding]:
    """Discord's own time counts; other programs of this machine use the wrong one."""
    if abs(facts.host_is_ahead_s) > MOST_OFF_S:
        way = "ahead of" if facts.host_is_ahead_s > 0 else "behind"
        yield Finding(
            Id.CLOCK,
            Severity.WARNING,
            f"The clock of this machine is {abs(facts.host_is_ahead_s):.0f} s {way} Discord's",
            "synchronize it with NTP",
        )


def latency(facts: DiscordFacts) -> Iterator[Finding]:
    """An interaction must be answered within three seconds."""
    if facts.latency_s > SLOW_S:
        yield Finding(
            Id.DISCORD_LATENCY,
            Severity.WARNING,
            f"Discord took {facts.latency_s:.1f} s to answer; a command must be answered within 3 s",
            "check the network, and the proxy if there is one",
        )


def no_servers(facts: DiscordFacts) -> Iterator[Finding]:
    """A bot that was invited nowhere."""
    if not facts.server_count:
        yield Finding(
            Id.NO_SERVERS, Severity.WARNING, "The bot is in no server", f"invite it: {facts.invite}"
        )


def servers(facts: DiscordFacts) -> Iterator[Finding]:
    """Apply the rules of each server."""
    for server in facts.servers:
        yield from of_server(server, facts.invite)
    if len(facts.servers) < facts.server_count:
        yield Finding(
            Id.SERVERS_SKIPPED,
            Severity.NOTE,
            f"{len(facts.servers)} of {facts.server_count} servers were looked at",
            "use /check in the others",
        )


def of_server(server: ServerFacts, invite: str = "") -> Iterator[Finding]:
    """Apply the rules of one server and its channels."""
    where = f"in the server “{server.name}”"
    if server.is_timed_out:
        yield Finding(
            Id.TIMED_OUT,
            Severity.WARNING,
            f"A moderator has timed the bot out {where}: it can say nothing there",
            "remove the time-out (member list, right-click the bot)",
            server=server.id,
        )
    if server.lacks:
        again = f", or invite the bot again: {invite}" if invite else ""
        yield Finding(
            Id.SERVER_PERMISSIONS,
            Severity.WARNING,
            f"The roles of the bot {where} lack {_listed(server.lacks)}",
            f"allow it to the bot's role (Server Settings, Roles){again}",
            server.lacks,
            server=server.id,
        )
    if server.lacks_for_tools:
        yield Finding(
            Id.SERVER_PERMISSIONS,
            Severity.WARNING,
            f"Tools that are switched on {where} need {_listed(server.lacks_for_tools)}, which the bot lacks",
            "allow it to the bot's role (Server Settings, Roles), or switch the tools off with /tools set",
            server.lacks_for_tools,
            server=server.id,
        )
    if server.is_administrator:
        yield Finding(
            Id.ADMINISTRATOR,
            Severity.NOTE,
            f"The bot is an administrator {where}, which it does not need",
            "take Administrator off the bot's role (Server Settings, Roles)",
            ("Administrator",),
            server=server.id,
        )
    for channel in server.channels:
        yield from _of_channel(channel, server)


def _of_channel(channel: ChannelFacts, server: ServerFacts) -> Iterator[Finding]:
    if channel.gone:
        yield Finding(
            Id.CHANNEL_GONE,
            Severity.WARNING,
            f"The channel {channel.name} {channel.purpose}, and is gone",
            "choose another one with the command that set it",
            server=server.id,
            channel=channel.id,
        )
    elif channel.lacks:
        yield Finding(
            Id.CHANNEL_PERMISSIONS,
            Severity.WARNING,
            f"The channel #{channel.name} of “{server.name}” {channel.purpose}, and the bot lacks "
            f"{_listed(channel.lacks)} there",
            "allow it to the bot (Edit Channel, Permissions)",
            channel.lacks,
            server=server.id,
            channel=channel.id,
        )


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def commands(facts: CommandFacts) -> Iterator[Finding]:
    """The bot registers its commands by itself, at its next start."""
    if facts.lacking or facts.foreign or facts.is_changed:
        parts = (
            f"{len(facts.lacking)} are missing" if facts.lacking else "",
            f"{', '.join(facts.foreign)} of another version are there" if facts.foreign else "",
        )
        what = " and ".join(filter(None, parts)) or "their descriptions differ"
        yield Finding(
            Id.COMMANDS,
            Severity.NOTE,
            f"The commands at Discord are not those of this version: {what}",
            "start the bot, which registers them",
            fix=Fix.COMMANDS,
        )


def commands_unchecked(facts: CommandFacts) -> Iterator[Finding]:
    """Discord limits how often the registered commands are read."""
    if facts.problem:
        yield Finding(
            Id.COMMANDS_UNCHECKED,
            Severity.NOTE,
            f"Discord did not tell the registered commands ({facts.problem}), so that they are not checked",
            "check again in a minute",
        )


RULES = (
    intent,
    endpoint,
    code_grant,
    not_public,
    install_link,
    gateway,
    session_starts,
    shards,
    clock,
    latency,
    no_servers,
    servers,
)
COMMAND_RULES = (commands, commands_unchecked)
