"""The suggestion for a key that does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher

# Below this likeness (0 to 1) a suggestion misleads more than it helps; difflib's own default.
NEAREST_RATIO = 0.6


def nearest(unknown: str, names: Mapping[str, str]) -> str:
    """Suggest the key whose path, or whose last part, is most similar to an unknown key."""

    section, _, key = unknown.rpartition(".")

    def likeness(path: str) -> float:
        holder, _, name = path.rpartition(".")
        last = SequenceMatcher(None, key, name).ratio()
        if section and section == holder:  # the equal section would make all its keys similar
            return last
        return max(SequenceMatcher(None, unknown, path).ratio(), last * 0.95)

    best = max(names, key=likeness)
    if likeness(best) >= NEAREST_RATIO:
        return f"did you mean {names[best]}?"
    if siblings := [shown for path, shown in names.items() if section and path.startswith(f"{section}.")]:
        return f"known there: {', '.join(siblings)}"
    return "config.example.toml lists what there is"
