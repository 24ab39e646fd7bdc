"""The actions of a user in the client, with the checks that apply to users."""

from __future__ import annotations

from collections.abc import Sequence

from bot.local.simulator.discord import (
    channels,
    drafts,
    invocations,
    pins,
    polls,
    posting,
    reactions,
    threads,
    wire,
)
from bot.local.simulator.discord.errors import api_error
from bot.local.simulator.discord.given import File, Place, channel_id, uploads
from bot.local.simulator.discord.handles import InteractionHandle
from bot.local.simulator.discord.hub import Hub
from bot.local.simulator.discord.model import Channel, Interaction, Json, Message, User


class Actor:
    """A user of a local Discord. Every method raises ApiError if Discord would refuse the action.

    A channel is an id, a Channel, or a dict as on the wire.
    """

    def __init__(self, hub: Hub, user_id: int) -> None:
        self._hub = hub
        self._world = hub.world
        self.id = user_id

    @property
    def user(self) -> User:
        return self._world.users[self.id]

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    async def post(
        self,
        channel: Place,
        content: str,
        reply_to: int | str | None = None,
        attachments: Sequence[File] = (),
        *,
        ping: bool = True,
        flags: int = 0,
        sticker_ids: Sequence[int | str] = (),
        poll: Json | None = None,
        embeds: Sequence[Json] = (),
    ) -> Json:
        """Post a message, `reply_to` another one (with or without a ping), with files as (name, type, bytes).

        The poll and the embeds are as on the wire; only bots write embeds.
        """
        body: Json = {"content": content, "flags": flags, "poll": poll}
        body |= {"sticker_ids": [str(each) for each in sticker_ids]} if sticker_ids else {}
        if embeds:
            if not self.user.bot:
                raise api_error(20002)
            body["embeds"] = list(embeds)
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to)}
            parse = ["users", "roles", "everyone"]
            body["allowed_mentions"] = {"parse": parse, "replied_user": ping}
        draft = drafts.parse(body, uploads(attachments))
        return self._shown(posting.post(self._world, self._see(channel), self.user, draft))

    async def say(
        self, channel: Place, recording: bytes, seconds: float, reply_to: int | None = None
    ) -> Json:
        """Post a voice message, as Ogg with Opus."""
        described = {"id": "0", "filename": "voice-message.ogg", "duration_secs": seconds, "waveform": "AAAA"}
        body: Json = {"flags": drafts.VOICE_MESSAGE, "attachments": [described]}
        if reply_to is not None:
            body["message_reference"] = {"message_id": str(reply_to)}
        draft = drafts.parse(body, uploads([("voice-message.ogg", "audio/ogg", recording)]))
        return self._shown(posting.post(self._world, self._see(channel), self.user, draft))

    async def forward(self, channel: Place, source: Place, message_id: int | str) -> Json:
        """Forward a message of the channel `source` to another channel."""
        reference = {"type": 1, "channel_id": str(channel_id(source)), "message_id": str(message_id)}
        draft = drafts.parse({"message_reference": reference})
        return self._shown(posting.post(self._world, self._see(channel), self.user, draft))

    async def ask_poll(
        self,
        channel: Place,
        question: str,
        answers: Sequence[str],
        *,
        content: str = "",
        multiple: bool = False,
    ) -> Json:
        """Post a poll."""
        poll = {
            "question": {"text": question},
            "answers": [{"poll_media": {"text": each}} for each in answers],
            "allow_multiselect": multiple,
        }
        return await self.post(channel, content, poll=poll)

    async def vote(self, channel: Place, message_id: int | str, answer_id: int) -> Json:
        """Vote in a poll; answers are counted from 1."""
        place, message = self._find(channel, message_id)
        polls.vote(self._world, place, message, self.id, answer_id)
        return self._shown(message)

    async def unvote(self, channel: Place, message_id: int | str) -> Json:
        """Take all of one's votes in a poll back."""
        place, message = self._find(channel, message_id)
        polls.unvote(self._world, place, message, self.id)
        return self._shown(message)

    async def end_poll(self, channel: Place, message_id: int | str) -> Json:
        """End one's own poll."""
        place, message = self._find(channel, message_id)
        polls.end(self._world, place, message, self.user)
        return self._shown(message)

    async def edit(self, channel: Place, message_id: int | str, content: str) -> Json:
        """Edit one's own message."""
        place, message = self._find(channel, message_id)
        draft = drafts.parse({"content": content}, flags=drafts.EDIT_FLAGS)
        return self._shown(posting.edit(self._world, place, message, self.id, draft))

    async def delete(self, channel: Place, message_id: int | str) -> None:
        """Delete a message."""
        place, message = self._find(channel, message_id)
        posting.delete(self._world, place, message, self.id)
        self._hub.commit()

    async def bulk_delete(self, channel: Place, ids: Sequence[int | str]) -> None:
        """Delete 2 to 100 messages at once."""
        posting.bulk_delete(self._world, self._see(channel), [int(each) for each in ids], self.id)
        self._hub.commit()

    async def react(self, channel: Place, message_id: int | str, emoji: str) -> None:
        """React to a message."""
        place, message = self._find(channel, message_id)
        reactions.add(self._world, place, message, self.id, reactions.emoji_of(emoji))
        self._hub.commit()

    async def unreact(self, channel: Place, message_id: int | str, emoji: str) -> None:
        """Take one's own reaction back."""
        place, message = self._find(channel, message_id)
        reactions.remove(self._world, place, message, self.id, reactions.emoji_of(emoji), self.id)
        self._hub.commit()

    async def pin(self, channel: Place, message_id: int | str) -> None:
        """Pin a message."""
        place, message = self._find(channel, message_id)
        pins.pin(self._world, place, message, self.user)
        self._hub.commit()

    async def unpin(self, channel: Place, message_id: int | str) -> None:
        """Unpin a message."""
        place, message = self._find(channel, message_id)
        pins.unpin(self._world, place, message, self.user)
        self._hub.commit()

    async def type(self, channel: Place) -> None:
        """Be shown as typing."""
        channels.type_in(self._world, self._see(channel), self.id)
        self._hub.commit()

    async def create_thread(
        self,
        channel: Place,
        name: str,
        from_message: int | str | None = None,
        private: bool = False,
    ) -> Json:
        """Open a thread, from a message or by itself."""
        if from_message is not None:
            place, message = self._find(channel, from_message)
            made = threads.from_message(self._world, place, message, self.user, {"name": name})
        else:
            body = {"name": name, "type": threads.PRIVATE if private else threads.PUBLIC}
            made = threads.alone(self._world, self._see(channel), self.user, body)
        self._hub.commit()
        return wire.channel(self._world, made, self.id)

    async def create_post(
        self,
        forum: Place,
        name: str,
        content: str,
        attachments: Sequence[File] = (),
        *,
        tags: Sequence[int | str] = (),
    ) -> Json:
        """Open a forum post with tags by their ids; returns its thread, whose first message has the same id."""
        draft = drafts.parse({"content": content}, uploads(attachments))
        body = {"name": name, "applied_tags": [str(each) for each in tags]}
        made, first = threads.post(self._world, self._see(forum), self.user, body, draft)
        self._hub.commit()
        return wire.channel(self._world, made, self.id) | {
            "message": wire.message(self._world, first, self.id)
        }

    async def edit_thread(self, thread: Place, **changes: object) -> Json:
        """Change a thread: `name`, `archived`, `locked`, …"""
        place = self._see(thread)
        threads.modify(self._world, place, self.user, dict(changes))
        self._hub.commit()
        return wire.channel(self._world, place, self.id)

    async def delete_channel(self, channel: Place) -> None:
        """Delete a thread or a channel, as a moderator would."""
        place = self._see(channel)
        if place.thread is not None:
            threads.remove(self._world, place)
        else:
            channels.remove(self._world, place)
        self._hub.commit()

    async def command(self, channel: Place, name: str, options: Json | None = None) -> InteractionHandle:
        """Run a slash command, with its subcommands: `system set`; options by name.

        A user or a role is given by id, a file as (name, type, bytes). Raises ApiError as the client would refuse.
        """
        place = self._see(channel)
        return self._begun(invocations.command(self._world, place, self.id, name, options or {}))

    async def context_command(self, channel: Place, name: str, message_id: int | str) -> InteractionHandle:
        """Run a context-menu command on a message."""
        place, message = self._find(channel, message_id)
        return self._begun(invocations.on_message(self._world, place, self.id, name, message))

    async def user_command(self, channel: Place, name: str, user_id: int) -> InteractionHandle:
        """Run a context-menu command on a user."""
        place = self._see(channel)
        return self._begun(invocations.on_user(self._world, place, self.id, name, user_id))

    async def press(self, channel: Place, message_id: int | str, custom_id: str) -> InteractionHandle:
        """Press a button, of an ephemeral message too."""
        return self._use(channel, message_id, custom_id, None)

    async def choose(
        self, channel: Place, message_id: int | str, custom_id: str, values: Sequence[str]
    ) -> InteractionHandle:
        """Choose in a select menu."""
        return self._use(channel, message_id, custom_id, values)

    async def submit(self, opened: InteractionHandle, values: Json) -> InteractionHandle:
        """Submit the modal that an interaction was answered with, with what is entered by custom id."""
        return self._begun(invocations.submit(self._world, opened.interaction, self.id, values))

    async def autocomplete(
        self,
        channel: Place,
        name: str,
        options: Json | None = None,
        focused: str = "",
        timeout: float = 3.0,
    ) -> list[Json]:
        """The choices offered for the option that is being typed."""
        place = self._see(channel)
        begun = invocations.autocomplete(self._world, place, self.id, name, options or {}, focused)
        answer = await self._begun(begun).response(timeout)
        return list(answer.data["choices"])

    async def open_dm(self, user_id: int) -> Json:
        """The direct messages with somebody."""
        made = channels.open_dm(self._world, self.id, self._world.user(user_id).id)
        self._hub.commit()
        return wire.channel(self._world, made, self.id)

    def _use(
        self, channel: Place, message_id: int | str, custom_id: str, values: Sequence[str] | None
    ) -> InteractionHandle:
        place = self._see(channel)
        message = self._world.messages.get(int(message_id))
        if message is None or message.channel_id != place.id:
            raise api_error(10008)
        return self._begun(invocations.component(self._world, place, self.id, message, custom_id, values))

    def _begun(self, interaction: Interaction) -> InteractionHandle:
        self._hub.commit()
        return InteractionHandle(self._hub, interaction)

    def _see(self, place: Place) -> Channel:
        return self._world.visible_channel(channel_id(place), self.id)

    def _find(self, channel: Place, message_id: int | str) -> tuple[Channel, Message]:
        place = self._see(channel)
        return place, self._world.message(place.id, int(message_id))

    def _shown(self, message: Message) -> Json:
        self._hub.commit()
        return wire.message(self._world, message, self.id)
