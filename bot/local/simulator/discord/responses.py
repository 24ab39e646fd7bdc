"""How an application answers an interaction: the callback within 3 s, then the token for 15 min.

Sources: interactions/receiving-and-responding.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.local.simulator.discord import drafts, messages, modals, thread_members, wire
from bot.local.simulator.discord.drafts import EPHEMERAL, LOADING, Draft, Upload
from bot.local.simulator.discord.errors import Problems, api_error, invalid
from bot.local.simulator.discord.invocations import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    LIFETIME_S,
    MODAL,
    owners,
)
from bot.local.simulator.discord.model import Channel, Interaction, Json, Message
from bot.local.simulator.discord.world import Event, World

# "Interaction tokens are valid for 15 minutes … you must send an initial response within 3 seconds".
FIRST_S = 3.0
PONG, NEW_MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, OPEN_MODAL = 1, 4, 5, 6, 7, 8, 9
KINDS = {
    PONG: "pong",
    NEW_MESSAGE: "message",
    DEFERRED: "deferred",
    DEFERRED_UPDATE: "deferred_update",
    UPDATE: "update",
    CHOICES: "autocomplete",
    OPEN_MODAL: "modal",
}
MOST_CHOICES = 25
# Message types of answers to a slash command and to a context-menu command.
_TO_COMMAND, _TO_MENU = 20, 23


def respond(
    world: World, interaction_id: int, token: str, body: Json, uploads: Sequence[Upload] = ()
) -> Interaction:
    """The first answer: 10062 for an unknown interaction or after 3 s, 40060 for a second answer."""
    interaction = world.interactions.get(interaction_id)
    if interaction is None or interaction.token != token:
        raise api_error(10062)
    if interaction.answered_with is not None:
        raise api_error(40060)
    if waited_s(world, interaction) >= FIRST_S:
        raise api_error(10062)
    kind = body.get("type")
    if kind not in _allowed(interaction):
        choices = ", ".join(str(each) for each in sorted(_allowed(interaction)))
        raise invalid("type", "BASE_TYPE_CHOICES", f"Value must be one of {{{choices}}}.")
    data = body.get("data") or {}
    if kind == NEW_MESSAGE:
        _post_first(world, interaction, data, uploads)
    elif kind == DEFERRED:
        _defer(world, interaction, int(data.get("flags") or 0))
    elif kind == DEFERRED_UPDATE:
        interaction.original_id = interaction.message_id
    elif kind == UPDATE:
        _update(world, interaction, data, uploads)
    elif kind == CHOICES:
        data = _choices(data)
    elif kind == OPEN_MODAL:
        data = modals.check(data)
    interaction.answered_with, interaction.answer = kind, data
    payload: Json = {"interaction_id": str(interaction.id), "kind": KINDS[kind], "data": data}
    if kind not in (CHOICES, OPEN_MODAL) and (original := original_of(world, interaction)) is not None:
        payload["message"] = wire.message(world, original, interaction.user_id)
    only = frozenset({interaction.user_id})
    world.emit(Event("INTERACTION_RESPONSE", payload, interaction.guild_id, only=only, bots=False))
    return interaction


def callback(world: World, interaction: Interaction) -> Json:
    """The response to `?with_response=1`."""
    message = original_of(world, interaction)
    shown = message if interaction.answered_with in (NEW_MESSAGE, DEFERRED, UPDATE) else None
    payload: Json = {
        "interaction": {
            "id": str(interaction.id),
            "type": interaction.type,
            "channel_id": str(interaction.channel_id),
        },
    }
    if interaction.guild_id is not None:
        payload["interaction"]["guild_id"] = str(interaction.guild_id)
    if shown is not None:
        payload["interaction"] |= {
            "response_message_id": str(shown.id),
            "response_message_loading": bool(shown.flags & LOADING),
            "response_message_ephemeral": bool(shown.flags & EPHEMERAL),
        }
    # A deferred message is none of the resources that are shown (per the OpenAPI document).
    if shown is not None and interaction.answered_with != DEFERRED:
        shown_as = wire.message(world, shown, shown.author.id)
        payload["resource"] = {"type": interaction.answered_with, "message": shown_as}
    return payload


def waited_s(world: World, interaction: Interaction) -> float:
    """How long the bot has had to answer an interaction."""
    return world.clock() - interaction.at - (world.held_up_s() - interaction.held_up_s)


def by_token(world: World, application_id: int, token: str) -> Interaction:
    """The answered interaction of a token: 50027 if it is unknown or over, 10015 if there is no answer yet."""
    if application_id not in world.applications:
        raise api_error(10015)
    interaction = world.interaction_by_token(token)
    if interaction is None or interaction.application_id != application_id:
        raise api_error(50027)
    if world.clock() - interaction.at >= LIFETIME_S:
        raise api_error(50027)
    if interaction.answered_with is None:
        raise api_error(10015)
    return interaction


def follow_up(world: World, interaction: Interaction, body: Json, uploads: Sequence[Upload] = ()) -> Message:
    """A further message; the first one after a deferral fills the deferred message instead."""
    original = original_of(world, interaction)
    if interaction.loading and original is not None:
        return edit(world, interaction, original, body, uploads)
    draft = drafts.parse(body, uploads, flags=drafts.INTERACTION_FLAGS)
    if draft.empty:
        raise api_error(50006)
    message = _build(world, interaction, draft)
    if original is not None:
        message.type = messages.REPLY
        message.reference = messages.reference_to(world.channel(interaction.channel_id), original.id)
        if message.interaction_metadata is not None:
            message.interaction_metadata["original_response_message_id"] = str(original.id)
    interaction.followup_ids.append(message.id)
    _publish(world, interaction, message)
    return message


def edit(
    world: World, interaction: Interaction, message: Message, body: Json, uploads: Sequence[Upload] = ()
) -> Message:
    """Edit an answer by its token, for which no permission is needed."""
    was_v2 = bool(message.flags & drafts.COMPONENTS_V2)
    draft = drafts.parse(body, uploads, flags=drafts.EDIT_FLAGS, was_v2=was_v2)
    channel = world.channel(interaction.channel_id)
    payload = messages.apply(world, channel, message, draft, users_only=True)
    if message.id == interaction.original_id:
        interaction.loading = False
    return payload


def delete(world: World, interaction: Interaction, message: Message) -> None:
    """Delete an answer by its token."""
    messages.erase(world, world.channel(interaction.channel_id), message)
    if message.id == interaction.original_id:
        interaction.loading = False


def answer_message(world: World, interaction: Interaction, which: str) -> Message:
    """`@original` or one of the follow-ups, 10008 if there is none."""
    if which == "@original":
        found = original_of(world, interaction)
    else:
        known = which.isdigit() and int(which) in {*interaction.followup_ids, interaction.original_id}
        found = world.messages.get(int(which)) if known else None
    if found is None:
        raise api_error(10008)
    return found


def original_of(world: World, interaction: Interaction) -> Message | None:
    """The message that the first answer created or changed, if it still exists."""
    return world.messages.get(interaction.original_id or 0)


def _allowed(interaction: Interaction) -> set[int]:
    on_component = {DEFERRED_UPDATE, UPDATE} if interaction.message_id is not None else set()
    return {
        COMMAND: {NEW_MESSAGE, DEFERRED, OPEN_MODAL},
        COMPONENT: {NEW_MESSAGE, DEFERRED, OPEN_MODAL} | on_component,
        AUTOCOMPLETE: {CHOICES},
        MODAL: {NEW_MESSAGE, DEFERRED} | on_component,
    }[interaction.type]


def _post_first(world: World, interaction: Interaction, data: Json, uploads: Sequence[Upload]) -> None:
    draft = drafts.parse(data, uploads, flags=drafts.INTERACTION_FLAGS)
    if draft.empty:
        raise api_error(50006)
    message = _build(world, interaction, draft)
    interaction.original_id = message.id
    _publish(world, interaction, message)


def _defer(world: World, interaction: Interaction, flags: int) -> None:
    """Show that the application is thinking; only the flag EPHEMERAL has an effect."""
    message = _build(world, interaction, Draft(flags=LOADING | flags & EPHEMERAL))
    interaction.loading = True
    interaction.original_id = message.id
    _publish(world, interaction, message)


def _update(world: World, interaction: Interaction, data: Json, uploads: Sequence[Upload]) -> None:
    message = world.messages.get(interaction.message_id or 0)
    if message is None:
        raise api_error(10008)
    interaction.original_id = message.id
    edit(world, interaction, message, data, uploads)


def _choices(data: Json) -> Json:
    choices = data.get("choices")
    problems = Problems()
    if not isinstance(choices, list) or len(choices) > MOST_CHOICES:
        problems.add("data.choices", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_CHOICES} or fewer in length.")
        choices = []
    for index, choice in enumerate(choices):
        for key in ("name", "value"):
            if not 1 <= len(str(choice.get(key, ""))) <= 100:
                where = f"data.choices.{index}.{key}"
                problems.add(where, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    problems.raise_if_any()
    return {"choices": choices}


def _build(world: World, interaction: Interaction, draft: Draft) -> Message:
    application = world.applications[interaction.application_id]
    channel = world.channel(interaction.channel_id)
    author = world.users[application.user_id]
    root = _root(world, interaction)
    is_menu = root.data.get("type") in (2, 3)
    kind = (_TO_MENU if is_menu else _TO_COMMAND) if root.type == COMMAND else messages.REPLY
    reference: Json | None = None
    if kind == messages.REPLY and interaction.message_id is not None:
        reference = messages.reference_to(channel, interaction.message_id)
    message = messages.build(world, channel, author, draft, reference=reference, users_only=True, kind=kind)
    message.webhook_id = message.application_id = application.id
    message.interaction_id = interaction.id
    message.interaction_metadata = _metadata(world, interaction)
    if interaction.type == COMMAND:
        message.legacy_interaction = {
            "id": str(interaction.id),
            "type": interaction.type,
            "name": _full_name(interaction.data),
            "user": wire.user(world.users[interaction.user_id]),
        }
    if message.flags & EPHEMERAL:
        message.ephemeral_for = interaction.user_id
    return message


def _root(world: World, interaction: Interaction) -> Interaction:
    """The interaction that opened the modal, for a modal's; else the interaction itself."""
    return world.interactions.get(interaction.opened_by or 0, interaction)


def _full_name(data: Json) -> str:
    """The name of a command with its subcommand (Discord, "Message Interaction Structure")."""
    sub = next((each for each in data.get("options", ()) if each["type"] in (1, 2)), None)
    return f"{data['name']} {_full_name(sub)}" if sub is not None else str(data["name"])


def _metadata(world: World, interaction: Interaction) -> Json:
    payload: Json = {
        "id": str(interaction.id),
        "type": interaction.type,
        "user": wire.user(world.users[interaction.user_id]),
        "authorizing_integration_owners": owners(interaction),
    }
    if interaction.type == COMMAND:
        payload |= {"name": _full_name(interaction.data), "command_type": interaction.data["type"]}
    if interaction.type == COMPONENT:
        payload["interacted_message_id"] = str(interaction.message_id)
    opened = world.interactions.get(interaction.opened_by or 0)
    if opened is not None:
        payload["triggering_interaction_metadata"] = _metadata(world, opened)
    return payload


def _publish(world: World, interaction: Interaction, message: Message) -> None:
    channel: Channel = world.channel(interaction.channel_id)
    if channel.thread is not None and channel.thread.archived and message.ephemeral_for is None:
        thread_members.set_archived(world, channel, archived=False)
        thread_members.updated(world, channel)
    messages.publish(world, channel, message)
