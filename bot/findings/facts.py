"""The facts that the rules look at; None means unknown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from bot.config import Settings
from bot.conversation.model import ModelInfo


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A channel with a purpose, and the names of the permissions that the bot lacks for it there."""

    id: int
    name: str
    purpose: str
    lacks: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """A server; `lacks` are the permissions of the invite link that the bot has nowhere by its roles,
    `lacks_for_tools` those that its tools need there besides.
    """

    id: int
    name: str
    lacks: tuple[str, ...] = ()
    is_administrator: bool = False
    is_timed_out: bool = False
    channels: tuple[ChannelFacts, ...] = ()
    lacks_for_tools: tuple[str, ...] = ()

    def seeing(self, hidden: Collection[int], permission: str) -> ServerFacts:
        """Return the facts where some channels are not gone, but hidden for want of a permission."""
        channels = (
            replace(each, gone=False, lacks=(permission,)) if each.id in hidden else each
            for each in self.channels
        )
        return replace(self, channels=tuple(channels))


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """The application as the developer portal shows it; `install_permissions` are those of the default install link.

    `excess` are the names of the install link's permissions that the bot does not need.
    """

    has_message_content: bool | None = None
    is_public: bool = True
    needs_code_grant: bool = False
    has_endpoint: bool = False
    excess: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    has_install_link: bool = False


@dataclass(frozen=True, slots=True)
class DiscordFacts:
    """What Discord has told; `gateway_problem` is "" where the gateway said hello.

    `shard_count` is the setting, None where discord.py chooses; `shards_advised` is what Discord advises,
    0 if unknown.
    """

    name: str
    invite: str
    application: ApplicationFacts
    latency_s: float
    server_count: int
    servers: tuple[ServerFacts, ...] = ()
    gateway_problem: str = ""
    session_starts_left: int | None = None
    shard_count: int | None = None
    shards_advised: int = 0
    host_is_ahead_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CommandFacts:
    """The names of commands that Discord lacks, or has and the bot does not; `is_changed`: a definition differs.

    `problem` is why Discord did not tell its commands, "" if it did.
    """

    lacking: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    is_changed: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ClaudeFacts:
    """What the Claude API has told; `count_problem` is why the API refused to count the tokens of a message.

    `unreachable` is why there is no connection to the API, "" if there is one.
    """

    model: str
    info: ModelInfo | None
    is_listed: bool
    ends_soon: bool
    successor: str | None
    latency_s: float
    has_files: bool | None = None
    has_tools: bool | None = None
    count_problem: str = ""
    unreachable: str = ""


@dataclass(frozen=True, slots=True)
class RedisFacts:
    """What the server has told; `is_info_allowed` is False where the user may not ask.

    Of a cluster the facts are the worst among its `primaries`. `replicas` is how many are connected,
    `wanted_replicas` how many are waited for. `saves` says whether snapshots are configured. Sizes are in bytes; a
    `memory_max` of 0 is no limit. `schema` is the version of what is stored, 0 if there is none, `newest_schema` the
    newest that this release knows; data `is_older` if that of an older release has to be migrated.
    """

    latency_s: float
    is_remote: bool
    has_tls: bool
    verifies: bool = True
    is_info_allowed: bool = True
    product: str = "Redis"
    version: str = ""
    role: str = ""
    is_cluster: bool = False
    primaries: int = 1
    replicas: int | None = None
    wanted_replicas: int = 0
    policy: str = ""
    memory_used: int = 0
    memory_max: int = 0
    appends: bool | None = None
    saves: bool | None = None
    disk_problem: str = ""
    host_is_ahead_s: float | None = None
    schema: int = 0
    newest_schema: int = 0
    is_older: bool = False


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file of the settings, and whether other users may read it."""

    path: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class DataDirectoryFacts:
    """A directory of the bot; `problem` is why it cannot be used."""

    path: str
    problem: str = ""
    is_open: bool = False
    free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The machine; `proxies` are the names of the variables that name a proxy, by the service that uses it.

    `data_directory` is that of the private server, `backup_directory` that of the backup before a migration that the
    next start makes; None if there is no such server or migration.
    """

    proxies: dict[str, str] = field(default_factory=dict)
    files: tuple[FileFacts, ...] = ()
    data_directory: DataDirectoryFacts | None = None
    backup_directory: DataDirectoryFacts | None = None


@dataclass(frozen=True, slots=True)
class SettingsFacts:
    """The settings; `tools` are the names of all tools that are not remote, `stand_ins` what is not configured."""

    settings: Settings
    tools: tuple[str, ...] = ()
    stand_ins: tuple[str, ...] = ()


Facts = DiscordFacts | CommandFacts | ClaudeFacts | RedisFacts | HostFacts | SettingsFacts
