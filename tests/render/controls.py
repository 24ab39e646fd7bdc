"""The controls of a reply in the tests of its writer."""

from __future__ import annotations

from bot.render.controls import when_done, while_written

STOP, DONE = while_written(5), when_done(5, truncated=True)
