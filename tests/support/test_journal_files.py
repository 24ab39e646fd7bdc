"""The files of a turn by kind and size."""

from __future__ import annotations

from typing import Any

from bot.support.journal_files import BYTES, files_of


def rendered(text: str) -> list[dict[str, Any]]:
    sent = [{"role": "user", "blocks": [{"type": "text", "text": text}]}, {"role": "assistant", "blocks": []}]
    return [{"turn": {"sent": sent}}]


def test_files_are_those_of_the_messages_with_their_sizes() -> None:
    attachments = [
        {"filename": "secret.png", "content_type": "image/png", "size_bytes": 77},
        {"filename": "a", "content_type": "text/plain; charset=utf-8", "size_bytes": 5},
        {"filename": "b", "content_type": "secret/words", "size_bytes": 6},
    ]
    assert files_of([{"attachments": attachments}, {}], []) == [
        [{"kind": "image", "bytes": 77}, {"kind": "text", "bytes": 5}, {"kind": "binary", "bytes": 6}],
        [],
    ]


def test_once_a_message_is_gone_they_are_those_that_the_request_has_named() -> None:
    text = (
        '<message from="a">\nlook\n<attachment name="x" type="application/pdf" shown="below"/>\n</message>\n'
        '<message from="b">\nand\n<attachment name="y" shown="no"/>\n</message>'
    )
    assert files_of([None, {"attachments": []}], rendered(text)) == [
        [{"kind": "pdf", "bytes": BYTES["pdf"]}],
        [{"kind": "binary", "bytes": BYTES["binary"]}],
    ]
