"""An application that posts what people write in their stead."""

from __future__ import annotations

PLURALKIT = 466378653216014359
