"""The body of a message request, checked: every limit of a message, every way to answer 50035 (resources/message).

Pure: a JSON object and the uploaded files in, a `Draft` out.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.local.simulator.discord import components, embeds, poll_request
from bot.local.simulator.discord.attachments import FILE_BYTES
from bot.local.simulator.discord.errors import Problems, api_error

Json = dict[str, Any]

MOST_CHARACTERS = 2000
MOST_NONCE_CHARACTERS = 25
MOST_FILES = 10
MOST_ALLOWED_IDS = 100
MOST_STICKERS = 3

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
LOADING = 1 << 7
SUPPRESS_NOTIFICATIONS = 1 << 12
COMPONENTS_V2 = 1 << 15

CREATE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
INTERACTION_FLAGS = CREATE_FLAGS | EPHEMERAL
EDIT_FLAGS = SUPPRESS_EMBEDS | COMPONENTS_V2


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a request; `index` is the n of `files[n]`."""

    index: int
    filename: str
    content_type: str | None
    content: bytes
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked body. A field missing from the body is None, which matters for edits."""

    content: str | None = None
    embeds: list[Json] | None = None
    components: list[Json] | None = None
    uploads: tuple[Upload, ...] = ()
    # The ids of the attachments to keep, in an edit.
    kept: tuple[int, ...] | None = None
    flags: int | None = None
    nonce: str | int | None = None
    enforce_nonce: bool = False
    allowed_mentions: Json | None = None
    reference: Json | None = None
    sticker_ids: tuple[int, ...] = ()
    poll: Json | None = None
    tts: bool = False
    given: frozenset[str] = field(default_factory=frozenset)

    @property
    def v2(self) -> bool:
        return bool((self.flags or 0) & COMPONENTS_V2)

    @property
    def empty(self) -> bool:
        return not (
            self.content or self.embeds or self.components or self.uploads or self.sticker_ids or self.poll
        )


def parse(
    body: Json, uploads: Sequence[Upload] = (), *, flags: int = CREATE_FLAGS, was_v2: bool = False
) -> Draft:
    """Check a body; `flags` are those that may be set here, `was_v2` that the message to edit is one already.

    Raises the 50035 that names every problem.
    """
    problems = Problems()
    set_flags = _flags(body, flags, problems)
    v2 = was_v2 or bool((set_flags or 0) & COMPONENTS_V2)
    draft = Draft(
        content=_content(body, problems),
        embeds=embeds.check(body["embeds"], problems) if "embeds" in body else None,
        components=components.check(body["components"], problems, v2=v2) if "components" in body else None,
        uploads=_uploads(body, uploads, problems),
        kept=_kept(body),
        flags=set_flags,
        nonce=_nonce(body, problems),
        enforce_nonce=bool(body.get("enforce_nonce")),
        allowed_mentions=_allowed_mentions(body, problems),
        reference=_reference(body, problems),
        sticker_ids=_sticker_ids(body, problems),
        poll=poll_request.check(body.get("poll"), problems),
        tts=bool(body.get("tts")),
        given=frozenset(body),
    )
    if v2:
        _check_v2(body, problems)
    problems.raise_if_any()
    return draft


def _content(body: Json, problems: Problems) -> str | None:
    value = body.get("content")
    if value is None:
        return "" if "content" in body else None
    if isinstance(value, dict | list):
        problems.add("content", "STRING_TYPE_CONVERT", "Could not interpret the value as string.")
        return None
    text = str(value)
    if len(text) > MOST_CHARACTERS:
        problems.add("content", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_CHARACTERS} or fewer in length.")
    # Discord stores a message without the white space around it. Whether white space counts is not documented; the
    # stricter reading is taken.
    return text.strip()


def _flags(body: Json, allowed: int, problems: Problems) -> int | None:
    value = body.get("flags")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        problems.add("flags", "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
        return None
    return value & allowed


def _nonce(body: Json, problems: Problems) -> str | int | None:
    value = body.get("nonce")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        problems.add("nonce", "NONCE_TYPE_INVALID", "Nonce must be a string or an integer.")
        return None
    if len(str(value)) > MOST_NONCE_CHARACTERS:
        problems.add("nonce", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_NONCE_CHARACTERS} or fewer in length.")
    return value


def _uploads(body: Json, uploads: Sequence[Upload], problems: Problems) -> tuple[Upload, ...]:
    described = {
        str(each.get("id")): each for each in body.get("attachments") or () if isinstance(each, dict)
    }
    if len(uploads) > MOST_FILES or len(described) > MOST_FILES:
        problems.add("attachments", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FILES} or fewer in length.")
    found: list[Upload] = []
    for each in uploads:
        if len(each.content) > FILE_BYTES:
            raise api_error(40005)
        payload = described.get(str(each.index), {})
        found.append(
            Upload(
                each.index,
                str(payload.get("filename") or each.filename),
                _kind(each, str(payload.get("filename") or each.filename)),
                each.content,
                payload.get("description"),
            )
        )
    return tuple(found)


def _kind(upload: Upload, filename: str) -> str | None:
    """The content type: as given, else by the file name, since libraries send a generic type."""
    if upload.content_type not in (None, "application/octet-stream"):
        return upload.content_type
    return mimetypes.guess_type(filename)[0] or upload.content_type


def _kept(body: Json) -> tuple[int, ...] | None:
    if body.get("attachments") is None:
        return () if "attachments" in body else None
    return tuple(int(each["id"]) for each in body["attachments"] if isinstance(each, dict) and "id" in each)


def _allowed_mentions(body: Json, problems: Problems) -> Json | None:
    rule = body.get("allowed_mentions")
    if rule is None:
        return None
    if not isinstance(rule, dict):
        problems.add("allowed_mentions", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return None
    parse = rule.get("parse") or []
    for index, each in enumerate(parse):
        if each not in ("users", "roles", "everyone"):
            message = "Value must be one of ('users', 'everyone', 'roles')."
            problems.add(f"allowed_mentions.parse.{index}", "BASE_TYPE_CHOICES", message)
    for kind in ("users", "roles"):
        ids = rule.get(kind) or []
        if len(ids) > MOST_ALLOWED_IDS:
            message = f"Must be {MOST_ALLOWED_IDS} or fewer in length."
            problems.add(f"allowed_mentions.{kind}", "BASE_TYPE_MAX_LENGTH", message)
        if ids and kind in parse:
            message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            problems.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)
    return rule


def _reference(body: Json, problems: Problems) -> Json | None:
    value = body.get("message_reference")
    if value is None:
        return None
    if not isinstance(value, dict) or not str(value.get("message_id", "")).isdigit():
        problems.add("message_reference.message_id", "BASE_TYPE_REQUIRED", "This field is required")
        return None
    if value.get("type", 0) not in (0, 1):
        problems.add("message_reference.type", "BASE_TYPE_CHOICES", "Value must be one of (0, 1).")
    if value.get("type") == 1 and not str(value.get("channel_id", "")).isdigit():
        # "channel_id is ... required for forwards" (resources/message, "Message Reference Structure").
        problems.add("message_reference.channel_id", "BASE_TYPE_REQUIRED", "This field is required")
    return value


def _sticker_ids(body: Json, problems: Problems) -> tuple[int, ...]:
    value = body.get("sticker_ids") or []
    if not isinstance(value, list) or not all(str(each).isdigit() for each in value):
        problems.add("sticker_ids", "NUMBER_TYPE_COERCE", "Value is not snowflake.")
        return ()
    if len(value) > MOST_STICKERS:
        problems.add("sticker_ids", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_STICKERS} or fewer in length.")
    return tuple(int(each) for each in value)


def _check_v2(body: Json, problems: Problems) -> None:
    for key in ("content", "embeds", "sticker_ids", "poll"):
        if body.get(key):
            message = f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            problems.add(key, "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
