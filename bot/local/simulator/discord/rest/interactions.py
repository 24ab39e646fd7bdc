"""Routes with which an application answers interactions; authorised by the token in the path."""

from __future__ import annotations

from bot.local.simulator.discord import responses, wire
from bot.local.simulator.discord.model import Interaction, Json, Message
from bot.local.simulator.discord.rest.call import Call


def callback(call: Call) -> Json | None:
    token = call.params["token"]
    done = responses.respond(call.world, call.id("interaction_id"), token, call.json, call.uploads)
    if call.query.get("with_response", "").lower() in ("1", "true"):
        return responses.callback(call.world, done)
    return None


def follow_up(call: Call) -> Json:
    interaction = _interaction(call)
    return _shown(call, responses.follow_up(call.world, interaction, call.json, call.uploads))


def get(call: Call) -> Json:
    return _shown(call, _message(call))


def patch(call: Call) -> Json:
    message = _message(call)
    return _shown(call, responses.edit(call.world, _interaction(call), message, call.json, call.uploads))


def delete(call: Call) -> None:
    responses.delete(call.world, _interaction(call), _message(call))


def _interaction(call: Call) -> Interaction:
    return responses.by_token(call.world, call.id("application_id"), call.params["token"])


def _message(call: Call) -> Message:
    return responses.answer_message(call.world, _interaction(call), call.params["message"])


def _shown(call: Call, message: Message) -> Json:
    return wire.message(call.world, message, message.author.id)
