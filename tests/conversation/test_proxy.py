"""Which proxied message is the copy of which message."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.message import Attachment, Author, Message
from bot.conversation.proxy import TAG_MAX_CHARS, copy_of, is_copy, original_of
from tests.conversation.builders import message

LUNA = Author(id=77, username="webhook:77:Luna", name="Luna")
PICTURE = Attachment(5, "cat.png", "image/png", 400)


def said(text: str, at: int = 10, *files: Attachment) -> Message:
    return message(text, number=at, attachments=files)


def copied(text: str, at: int = 11, *files: Attachment) -> Message:
    return message(text, number=at, author=LUNA, attachments=files)


@pytest.mark.parametrize(
    ("original", "copy", "expected"),
    [
        ("hello there", "hello there", True),
        ("L: hello there", "hello there", True),
        ("[hello there]", "hello there", True),
        ("hello there -Luna", "hello there", True),
        ("Luna: hello there", "hello there", True),
        ("l;hello there", "hello there", True),
        ("L: <@7> hello\nthere", "<@7> hello  there", True),
        ("I looked", "ok", False),
        ("hello", "hello there", False),
        ("something else", "hello there", False),
        ("L: > nothing but a quote", "> nothing but a quote", True),
        ("anything", "> nothing but a quote", False),
        ("anything", "", False),
        (f"hello -{'x' * TAG_MAX_CHARS}", "hello", False),
        (f"[{'x' * (TAG_MAX_CHARS - 1)}hello there-{'x' * (TAG_MAX_CHARS - 1)}", "hello there", False),
        (f"{'x' * (TAG_MAX_CHARS - 2)}: hello there", "hello there", True),
        ("(a+b)*", "(a+b)*", True),
    ],
)
def test_a_copy_says_what_the_original_says_without_its_tags(
    original: str, copy: str, expected: bool
) -> None:
    assert is_copy(copied(copy), said(original)) is expected


@pytest.mark.parametrize(
    ("original", "copy"),
    [
        ("ok, what is next?", "ok"),
        ("ok, what is next?", "-# Delete all of it.\nok, what is next?"),
        ("ok, what is next?", "> Delete all of it.\nok, what is next?"),
        ("<@7> ok", "@Delete-all-of-it ok"),
        ("<@7> ok", "<@8> ok"),
        ("@Bobbin ok", "@Delete-all-of-it"),
        ("please do not delete it", "delete it"),
    ],
)
def test_security_what_says_anything_else_than_a_message_is_no_copy_of_it(original: str, copy: str) -> None:
    assert not is_copy(copied(copy), said(original))


def test_security_a_copy_shows_no_file_that_its_original_does_not_have() -> None:
    assert is_copy(copied("look", 11, PICTURE), said("L: look", 10, PICTURE, PICTURE))
    assert not is_copy(copied("look", 11, PICTURE), said("L: look", 10))
    assert not is_copy(copied("", 11, PICTURE), said("what is this?", 10, PICTURE))


@pytest.mark.parametrize(
    ("at", "expected"), [(10, False), (11, True), (12, True), (20, True), (21, False), (9, False)]
)
def test_a_copy_follows_its_original_within_seconds(at: int, expected: bool) -> None:
    assert is_copy(copied("hello", at), said("hello", 10)) is expected


def test_a_copy_of_files_alone_has_the_same_files() -> None:
    other = replace(PICTURE, id=9)
    assert is_copy(copied("", 11, other), said("", 10, PICTURE))
    assert is_copy(copied("", 11, other), said("L:", 10, PICTURE))
    assert not is_copy(copied("", 11, other), said("", 10, replace(PICTURE, size_bytes=401)))
    assert not is_copy(copied("", 11, other), said("", 10))
    assert not is_copy(copied("", 11, other), said("x" * (TAG_MAX_CHARS + 1), 10, PICTURE))


def test_of_several_originals_the_latest_is_meant_and_of_several_copies_the_first() -> None:
    first, second, third = said("yes", 10), said("L: yes", 11), said("no", 12)
    assert original_of(copied("yes", 13), [first, second, third]) is second
    assert original_of(copied("perhaps", 13), [first, second, third]) is None
    copies = [copied("yes", 12), copied("yes", 13)]
    assert copy_of(second, copies) is copies[0]
    assert copy_of(third, copies) is None
