"""What people set for a thread, a channel or a server: prompt, model, and every other setting by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.errors import SettingsFull, Unreadable
from bot.conversation.model import Choice, narrowest
from bot.conversation.scope import MODEL_NAMES, SYSTEM, WITHHELD, Scope, Setting, Settings, choice_of
from bot.store.audit_log import SETTLE_S
from bot.store.codec import pairs
from bot.store.connection import translated
from bot.store.content import Content, is_sealed
from bot.store.due_queue import DueQueue
from bot.store.keys import Key, Keys
from bot.store.scripts import Scripts
from bot.store.scripts.settings import ChangeSettings
from bot.store.settings_cache import Place, SettingsCache

LEGACY_NAMES = (SYSTEM, *MODEL_NAMES)
"""The settings that a version before wrote to other keys: those of a thread, which are moved, to the conversation."""

MOST_VERSIONS = 30
"""How many earlier prompts of a scope can be gone back to; one more is kept, to compare the oldest with."""


@dataclass(frozen=True, slots=True)
class Version:
    """A text that was set, "" where it was removed; by whom, and when (ms)."""

    id: str
    text: str
    person: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Cap:
    """A scope may have `most` settings whose names begin with `family`."""

    family: str
    most: int


async def _publish_nothing(_server: int) -> None:
    """Tell no other instance."""


class ScopeSettings:
    """Reads and changes the settings of scopes.

    Those of a thread live `ttl_s` after the last turn or change, the others until removed. Entries of the audit log
    live `audit_s`. All keys of a server share a slot; in direct messages the channel is the home. `cached` tells what
    the settings were some seconds ago, and knows at once what is changed here. `publish` is called with the home in
    which something was changed, so that other instances read the settings again.
    """

    def __init__(
        self,
        redis: Redis,
        keys: Keys,
        *,
        ttl_s: int,
        audit_s: int,
        publish: Callable[[int], Awaitable[None]] = _publish_nothing,
    ) -> None:
        self._redis = redis
        self._scripts = Scripts(redis)
        self._keys = keys
        self._ttl_s = ttl_s
        self._audit_s = audit_s
        self._publish = publish
        self._audit_posts = DueQueue(redis, keys.audit_posts)
        self.cached = SettingsCache(self._of_place)

    async def change(
        self,
        actor: Actor,
        scope: Scope,
        target: int,
        values: Mapping[str, str | None],
        *,
        cap: Cap | None = None,
    ) -> dict[str, str]:
        """Set settings by name, or remove them by None, and note the changes.

        Returns the earlier values of those that were changed, "" where there was none. SettingsFull, and no change,
        if there would be more than the `cap` allows.
        """
        if scope is not Scope.THREAD:
            await self._adopt_legacy(actor.home, target)
        held = await self._withheld(actor.home, target, values)
        changes = [
            (name, held.get(name, value or ""), "1" if name in WITHHELD else "")
            for name, value in values.items()
        ]
        call = ChangeSettings(
            settings=self._keys.scope(actor.home, target),
            audit=self._keys.audit(actor.home),
            versions=self._keys.versions(actor.home, target),
            scope=scope.value,
            target=target,
            person=actor.person,
            interaction=actor.interaction,
            ttl_s=self._ttl_s if scope is Scope.THREAD else 0,
            audit_s=self._audit_s,
            most_versions=MOST_VERSIONS + 1,
            family="" if cap is None else cap.family,
            most=0 if cap is None else cap.most,
            changes=tuple(text for change in changes for text in change),
        )
        await self._audit_posts.schedule(actor.home, SETTLE_S)
        try:
            answer = await self._scripts.run(call)
        finally:  # also after an error: the change may have been made
            self.cached.forget(actor.home)
        if answer == "FULL":
            raise SettingsFull
        changed = pairs(answer)
        await self._publish(actor.home)
        await self._audit_posts.schedule(actor.home)
        return changed

    async def copy(self, server: int, source: int, target: int) -> None:
        """Set for a thread what is set for another one of the server; what is set there already stays."""
        key = self._keys.scope(server, target)
        settings = (await self.by_scope(thread=source, channel=None, server=server)).get(Scope.THREAD, {})
        if any(name in WITHHELD and is_sealed(each.value) for name, each in settings.items()):
            raise Unreadable
        if not settings:
            return
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            for name, each in settings.items():
                pipe.hsetnx(key, name, Content(each.value) if name in WITHHELD else each.value)
                if each.at_ms is not None:
                    pipe.hsetnx(key, f"set:{name}", f"{each.by} {each.at_ms}")
            pipe.expire(key, self._ttl_s)
            await pipe.execute()
            await self._copy_version(self._keys.versions(server, source), self._keys.versions(server, target))
        self.cached.forget(server)
        await self._publish(server)

    async def _copy_version(self, source: Key, target: Key) -> None:
        """Copy the latest earlier prompt, so that the removal of the prompt finds the copy's history as well."""
        latest: Any = await self._redis.xrevrange(source, count=1)
        if latest and not await self._redis.exists(target):
            entry, fields = latest[0]
            kept = {name: Content(str(value)) if name == "text" else value for name, value in fields.items()}
            pipe = self._redis.pipeline(transaction=True)
            pipe.xadd(target, kept, id=entry)
            pipe.expire(target, self._ttl_s)
            await pipe.execute()

    async def by_scope(
        self, *, thread: int | None, channel: int | None, server: int | None
    ) -> dict[Scope, Settings]:
        """Return the settings of each given scope, the narrowest first; one round trip.

        Without a server the thread is a channel of direct messages, and its own home.
        """
        targets = {Scope.THREAD: thread, Scope.CHANNEL: channel, Scope.SERVER: server}
        scopes = {scope: target for scope, target in targets.items() if target is not None}
        if not scopes:
            return {}
        home = next(iter(scopes.values())) if server is None else server
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for scope, target in scopes.items():
                pipe.hgetall(self._keys.scope(home, target))
                if scope is not Scope.THREAD:
                    pipe.hmget(self._keys.legacy_scope(target), LEGACY_NAMES)
            if thread is not None:
                pipe.expire(self._keys.scope(home, thread), self._ttl_s)
                pipe.expire(self._keys.versions(home, thread), self._ttl_s)
            found: Iterator[Any] = iter(await pipe.execute())
        return {
            scope: _settings(next(found), () if scope is Scope.THREAD else next(found)) for scope in scopes
        }

    async def choices(
        self, *, thread: int | None, channel: int | None, server: int | None
    ) -> dict[Scope, Choice]:
        """Return the prompt and the model that each given scope sets, the narrowest first.

        Unreadable if no key decrypts one of the prompts.
        """
        found = await self.by_scope(thread=thread, channel=channel, server=server)
        choices = {scope: choice_of(settings) for scope, settings in found.items()}
        if any(is_sealed(choice.system or "") for choice in choices.values()):
            raise Unreadable
        return choices

    async def effective(self, *, thread: int, channel: int | None, server: int | None) -> Choice:
        """Return what applies in a thread: each field of the narrowest scope that sets the field."""
        return narrowest((await self.choices(thread=thread, channel=channel, server=server)).values())

    async def versions(self, home: int, target: int, *, count: int) -> tuple[Version, ...]:
        """Return up to `count` prompts of a scope, the latest first.

        The person is 0 where a version of the bot that kept no prompts set the prompt.
        """
        with translated():
            found: Any = await self._redis.xrevrange(self._keys.versions(home, target), count=count)
        return tuple(
            Version(str(entry), fields["text"], int(fields["person"]), int(str(entry).partition("-")[0]))
            for entry, fields in found
            if fields["name"] == SYSTEM and not is_sealed(fields["text"])
        )

    async def _of_place(self, place: Place) -> dict[Scope, Settings]:
        return await self.by_scope(thread=place.thread, channel=place.channel, server=place.server)

    async def _withheld(self, home: int, target: int, values: Mapping[str, str | None]) -> dict[str, str]:
        """Return the texts of people among new values; one that is set already in its stored form, as no change."""
        names = [name for name, value in values.items() if name in WITHHELD and value]
        if not names:
            return {}
        with translated():
            held = await self._redis.hmget(self._keys.scope(home, target), names)
        return {
            name: str(before) if before == values[name] else Content(values[name] or "")
            for name, before in zip(names, held, strict=True)
        }

    async def _adopt_legacy(self, home: int, target: int) -> None:
        """Move the settings that the version before wrote: a change must not leave them in force.

        No migration does that: the old key of a channel does not name its server.
        """
        legacy, key = self._keys.legacy_scope(target), self._keys.scope(home, target)
        with translated():
            held = dict(zip(LEGACY_NAMES, await self._redis.hmget(legacy, list(LEGACY_NAMES)), strict=True))
            if not (found := {name: value for name, value in held.items() if value is not None}):
                return
            for name, value in found.items():
                await self._redis.hsetnx(key, name, Content(str(value)) if name in WITHHELD else str(value))
            await self._redis.hdel(legacy, *found)


def _settings(fields: Mapping[str, str], legacy: Sequence[str | None]) -> Settings:
    old = {
        name: Setting(str(value))
        for name, value in zip(LEGACY_NAMES, legacy, strict=False)
        if value is not None
    }
    own = {name: _setting(value, fields.get(f"set:{name}", "")) for name, value in fields.items()}
    return old | {name: setting for name, setting in own.items() if not name.startswith("set:")}


def _setting(value: str, by: str) -> Setting:
    person, _, at_ms = by.partition(" ")
    return Setting(value, int(person), int(at_ms)) if at_ms else Setting(value)
