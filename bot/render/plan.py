"""What must be done on Discord so that it shows what it should: pure."""

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

    An empty `content` says that neither it nor the files are known, `controls` that are None say it of the
    buttons.
    """

    message_id: int
    content: str
    files: tuple[Attached, ...] = ()
    controls: Controls | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Post part `index`."""

    index: int
    content: str
    files: tuple[File, ...] = ()
    controls: Controls | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """Make part `index`, which is posted already, show this.

    Of its files those in `keep` stay, and `files` come behind them; None leaves the files as they are. So does
    None with `controls`.
    """

    index: int
    message_id: int
    content: str
    keep: tuple[Attached, ...] | None = None
    files: tuple[File, ...] = ()
    controls: Controls | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Take away a message that is not needed any more."""

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
    """What to do, in this order, so that Discord shows the parts, given the reply's messages as they are.

    Plan anew after each call: the first action is always right, a later one may need the id that the first
    one brings. A reply is unfinished as long as *any* of its messages is marked, and from the first call to
    the last but one at least one of them is, so that a crash at any point leaves what can be told from
    Discord alone: the last call of all takes away the last mark, or a surplus message that carried it. The
    last part carries the `controls` and the others none; if None, nobody's buttons are touched.
    """
    if not parts:
        return tuple(Delete(posted.message_id) for posted in shown) if finished else ()
    targets = [_Target(part.text, part.files, None if controls is None else NONE) for part in parts]
    targets[-1] = replace(targets[-1], controls=controls)
    return _finish(shown, targets, limit) if finished else _grow(shown, targets)


@dataclass(frozen=True, slots=True)
class _Target:
    """What one message is to show."""

    text: str
    files: tuple[File, ...]
    controls: Controls | None

    def marked(self) -> _Target:
        return replace(self, text=marked(self.text))

    def send(self, index: int) -> Send:
        return Send(index, self.text, self.files, self.controls)

    def edit(self, index: int, posted: Posted) -> Edit | None:
        """One call for everything that differs, None if nothing does."""
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
    """The attachments that stay: new ones can only come behind them."""
    kept = 0
    while kept < min(len(attached), len(files)) and attached[kept].shows(files[kept]):
        kept += 1
    return tuple(attached[:kept])


def _grow(shown: Sequence[Posted], targets: list[_Target]) -> tuple[Action, ...]:
    """The mark moves to the new message before the old one loses it; full messages come first."""
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
    """Mark a reply that carries no mark but needs several calls: its first message with room for it."""
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
