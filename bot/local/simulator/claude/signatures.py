"""Signatures of thinking blocks, and the check that binds a block to its conversation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass

from .catalogue import Model
from .failures import Failure, refused
from .prompt import Body, content_blocks, flatten


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature holds: the conversation before the block, the thinking block before it, the text."""

    model: str
    conversation: str
    previous: str
    thinking: str


def sign(body: Body, model: Model, thinking: str) -> str:
    """The signature of the thinking that answers a request."""
    blocks = flatten(body, model).blocks
    conversation = blocks[-1].content if blocks else ""
    return _encode(Signature(model.id, conversation, _last_signature(body), _digest(thinking)))


def check_bindings(body: Body, model: Model) -> Failure | None:
    """The first thinking block that was not signed here, or not for what now precedes it.

    A block may only be replayed behind the same system prompt, tools and messages, and not without the
    thinking between it and an earlier block that is still there. Models without bindings check the text alone.
    """
    before, previous = "", ""
    chain = {block.path: block.content for block in flatten(body, model).blocks}
    for at, message in enumerate(body["messages"]):
        for inner, block in enumerate(content_blocks(message["content"])):
            path = ("messages", at, "content", inner)
            if block.get("type") == "thinking":
                if failure := _check(block, before, previous, model, ".".join(map(str, path))):
                    return failure
                previous = _digest(block["signature"])
            before = chain[path]
    return None


def _check(block: Body, before: str, previous: str, model: Model, place: str) -> Failure | None:
    signature = _decode(block["signature"])
    wrong = f"{place}: Invalid `signature` in `thinking` block"
    if signature is None or signature.thinking != _digest(block["thinking"]):
        return refused(wrong)
    if not model.thinking.bound_to_conversation:
        return None
    if signature.model != model.id:
        return refused(f"{wrong}. The block is bound to a different model.")
    if signature.conversation != before or (previous and signature.previous != previous):
        return refused(
            f"{wrong}. The block is bound to a different conversation. Remove the block, or set "
            '`thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
        )
    return None


def _last_signature(body: Body) -> str:
    found = ""
    for message in body["messages"]:
        for block in content_blocks(message["content"]):
            if block.get("type") == "thinking":
                found = _digest(block["signature"])
    return found


def _encode(signature: Signature) -> str:
    return base64.b64encode(json.dumps(asdict(signature)).encode()).decode()


def _decode(text: str) -> Signature | None:
    try:
        return Signature(**json.loads(base64.b64decode(text, validate=True)))
    except (binascii.Error, ValueError, TypeError):
        return None


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
