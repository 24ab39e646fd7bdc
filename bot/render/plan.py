"""Plan the calls that bring Discord to the intended messages: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.render.controls import NONE, Controls
from bot.render.mark import MARK_UNITS, is_marked, marked
from bot.render.measure import MESSAGE_LIMIT_UNITS, units
from bot.render.part import Part
from bot.render.upload import Attached, File


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of the reply as Discord shows it.

    With an empty `content`, content and files are unknown; with `controls` None, the buttons are. The attachments
    `apart` stay whatever the text becomes.
    """

    message_id: int
    content: str
    files: tuple[Attached, ...] = ()
    controls: Controls | None = None
    apart: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Post part `index`."""

    index: int
    content: str
    files: tuple[File, ...] = ()
    controls: Controls | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Edit part `index`, which is already posted.

    Files in `keep` stay and `files` are added behind them; None leaves the files unchanged. `controls` None leaves
    the buttons unchanged.
    """

    index: int
    message_id: int
    content: str
    keep: tuple[Attached, ...] | None = None
    files: tuple[File, ...] = ()
    controls: Controls | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete a surplus message."""

    message_id: int


Action = Send | Edit | Delete


def plan(
    shown: Sequence[Posted],
    parts: Sequence[Part],
    *,
    finished: bool,
    controls: Controls | None = None,
    limit: int = MESSAGE_LIMIT_UNITS,
) -> tuple[Action, ...]:
    """The calls, in order, that turn the reply's messages as `shown` into the parts.

    Plan again after each call: the first action is always right, a later action may need an id that the first one
    returns. A reply is unfinished while *any* of its messages is marked. At least one message is marked until the
    last call, so that an unfinished reply can be recognised from Discord alone after a crash: the last call removes
    the last mark, or a surplus message that carries it. The last part carries the `controls` and the others none;
    with None, no buttons change.
    """
    if not parts:
        return tuple(Delete(posted.message_id) for posted in shown) if finished else ()
    targets = [_Target(part.text, part.files, None if controls is None else NONE) for part in parts]
    targets[-1] = replace(targets[-1], controls=controls)
    return _finish(shown, targets, limit) if finished else _grow(shown, targets)


@dataclass(frozen=True, slots=True)
class _Target:
    """The intended state of one message."""

    text: str
    files: tuple[File, ...]
    controls: Controls | None

    def marked(self) -> _Target:
        return replace(self, text=marked(self.text))

    def send(self, index: int) -> Send:
        return Send(index, self.text, self.files, self.controls)

    def edit(self, index: int, posted: Posted) -> Edit | None:
        """One call for all differences; None if there are none."""
        known = bool(posted.content)
        keep = _kept(posted.files, self.files)
        files_right = known and len(keep) == len(self.files) == len(posted.files)
        if files_right and posted.content == self.text and self.controls in (None, posted.controls):
            return None
        controls = None if self.controls == posted.controls else self.controls
        if files_right:
            return Edit(index, posted.message_id, self.text, controls=controls)
        return Edit(index, posted.message_id, self.text, keep, self.files[len(keep) :], controls)


def _kept(attached: Sequence[Attached], files: Sequence[File]) -> tuple[Attached, ...]:
    """The attachments that stay: Discord adds new attachments behind them."""
    kept = 0
    while kept < min(len(attached), len(files)) and attached[kept].shows(files[kept]):
        kept += 1
    return tuple(attached[:kept])


def _grow(shown: Sequence[Posted], targets: list[_Target]) -> tuple[Action, ...]:
    """The new message is marked before the old one is unmarked; full messages come first."""
    last = len(targets) - 1
    targets[last] = targets[last].marked()
    sends: list[Send] = []
    for index in range(len(shown), len(targets)):
        alone = not sends and not any(is_marked(posted.content) for posted in shown)
        sends.append((targets[index].marked() if alone and index < last else targets[index]).send(index))
    edits = _edits(shown, targets)
    if edits and edits[-1].index == last and not is_marked(shown[last].content):
        edits.insert(0, edits.pop())
    return (*sends, *edits)


def _finish(shown: Sequence[Posted], targets: Sequence[_Target], limit: int) -> tuple[Action, ...]:
    edits = _edits(shown, targets)
    sends = [targets[index].send(index) for index in range(len(shown), len(targets))]
    surplus = sorted(shown[len(targets) :], key=lambda posted: is_marked(posted.content))
    deletes = [Delete(posted.message_id) for posted in surplus]
    calls: tuple[Action, ...] = (*edits, *sends, *deletes)
    if len(calls) <= 1:
        return calls
    holders = [edit for edit in edits if is_marked(shown[edit.index].content)]
    if holders:
        edits.remove(holders[-1])
        return (*sends, *edits, *deletes, holders[-1])
    if surplus and is_marked(surplus[-1].content):
        return (*sends, *edits, *deletes)
    return _raise_mark(shown, targets, limit) or calls


def _raise_mark(shown: Sequence[Posted], targets: Sequence[_Target], limit: int) -> tuple[Action, ...]:
    """Mark an unmarked reply that needs several calls: the first message with room for the mark."""
    for index, part in enumerate(targets):
        if units(part.text) + MARK_UNITS <= limit:
            if index < len(shown):
                edit = part.marked().edit(index, shown[index])
                return () if edit is None else (edit,)
            return (part.marked().send(index),) if index == len(shown) else ()
    return ()


def _edits(shown: Sequence[Posted], targets: Sequence[_Target]) -> list[Edit]:
    edits = (
        part.edit(index, posted) for index, (posted, part) in enumerate(zip(shown, targets, strict=False))
    )
    return [edit for edit in edits if edit is not None]
