"""Converts the parts of discord.py's messages: authors, files, stickers, polls and embeds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import discord

from bot.conversation.bounds import (
    NAME_CHARS,
    bounded_embeds,
    bounded_poll,
    shortened,
    shortened_filename,
)
from bot.conversation.message import WEBHOOK, Attachment, Author, Embed, Poll
from bot.conversation.unseen import LOTTIE
from bot.conversation.visible import is_blank, plain
from bot.gateway.conversion.names import display_name

_STICKER_TYPES = {
    discord.StickerFormatType.png: ("png", "image/png"),
    discord.StickerFormatType.apng: ("png", "image/png"),
    discord.StickerFormatType.gif: ("gif", "image/gif"),
    discord.StickerFormatType.lottie: ("json", LOTTIE),
}
"""The file of a sticker by its format (Discord, "Sticker Format Types")."""

Named = Callable[[str], str]

WEBHOOK_DISCRIMINATOR = "0000"
"""The author of a webhook's message has it, and no user has."""

NO_PICTURE = "a drawing in Lottie, of which there is no picture"
"""The remark of a sticker that cannot be read, so that nothing downloads its file."""


def to_author(user: discord.User | discord.Member) -> Author:
    """Convert a user, with the name that is the same in every server.

    Only events hold a nickname: a listed message has no member (Discord, "Message", "member"). The name of a webhook
    can be chosen freely, so the username has a colon in it, as no user's has (Discord, "Usernames and Nicknames").
    """
    name = display_name(user)
    if user.discriminator == WEBHOOK_DISCRIMINATOR:
        return Author(id=user.id, username=f"{WEBHOOK}{user.id}:{plain(user.name)}", name=name)
    return Author(id=user.id, username=user.name, name=name)


def to_roles(user: discord.User | discord.Member) -> tuple[int, ...]:
    """Return the roles of a member, without @everyone; none for a user of whom Discord names no member."""
    if not isinstance(user, discord.Member):
        return ()
    return tuple(sorted(role.id for role in user.roles if not role.is_default()))


def to_attachments(
    files: Iterable[discord.Attachment], stickers: Iterable[discord.StickerItem]
) -> tuple[Attachment, ...]:
    """Convert the files, then the pictures of the stickers."""
    return (
        *(
            Attachment(
                each.id,
                shortened_filename(plain(each.filename)),
                each.content_type or "",
                each.size,
                each.url,
                voice_seconds=each.duration if each.is_voice_message() else None,
            )
            for each in files
        ),
        *map(_picture, stickers),
    )


def _picture(sticker: discord.StickerItem) -> Attachment:
    """Return the picture of a sticker, whose size Discord does not tell."""
    ending, content_type = _STICKER_TYPES.get(sticker.format, ("png", ""))
    remark = NO_PICTURE if content_type == LOTTIE else ""
    filename = f"{sticker_name(sticker)}.{ending}"
    return Attachment(sticker.id, filename, content_type, 0, sticker.url, remark=remark)


def sticker_name(sticker: discord.StickerItem) -> str:
    """Return the name of a sticker on one line."""
    return shortened(plain(sticker.name), NAME_CHARS) or "sticker"


def to_poll(poll: discord.Poll | None) -> Poll | None:
    """Convert a poll; without any vote, the counts of an open poll are unknown, since an event may lack them."""
    if poll is None:
        return None
    is_known = poll.is_finalised() or poll.total_votes > 0
    answers = tuple((_answer(each), each.vote_count if is_known else None) for each in poll.answers)
    return bounded_poll(Poll(poll.question or "", answers, poll.is_finalised()))


def _answer(answer: discord.PollAnswer) -> str:
    emoji = answer.emoji
    name = "" if emoji is None else f":{emoji.name}:" if emoji.id else emoji.name
    return " ".join(part for part in (name, answer.text) if part)


def to_embeds(message: discord.Message | discord.MessageSnapshot, named: Named) -> tuple[Embed, ...]:
    """Convert the embeds that somebody wrote.

    Those that Discord made of links in the text are left out, unless there is no text. `named` replaces ids by names.
    """
    text = message.content
    found = (each for each in message.embeds if is_blank(text) or not _is_preview(each, text))
    return bounded_embeds(tuple(_embed(each, named) for each in found))


def _is_preview(embed: discord.Embed, text: str) -> bool:
    return embed.type != "rich" or bool(embed.url and embed.url in text)


def _embed(embed: discord.Embed, named: Named) -> Embed:
    return Embed(
        title=embed.title or "",
        description=named(embed.description or ""),
        fields=tuple((each.name or "", named(each.value or "")) for each in embed.fields),
        author=embed.author.name or embed.provider.name or "",
        footer=embed.footer.text or "",
        url=embed.url or "",
        has_picture=bool(embed.image.url or embed.thumbnail.url or embed.video.url),
    )


def text_of_components(components: Iterable[discord.Component]) -> str:
    """Return the text of a message that has components in place of content (Discord, "IS_COMPONENTS_V2")."""
    return "\n".join(_texts(components))


def _texts(components: Iterable[object]) -> Iterable[str]:
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        elif isinstance(component, discord.Container | discord.SectionComponent):
            yield from _texts(component.children)
