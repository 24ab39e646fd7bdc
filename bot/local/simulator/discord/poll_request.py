"""The poll of a message request, checked (resources/poll, "Poll Create Request Object"). Pure."""

from __future__ import annotations

from typing import Any

from bot.local.simulator.discord.errors import Problems

QUESTION_CHARS = 300
ANSWER_CHARS = 55
MOST_ANSWERS = 10
MOST_HOURS = 768
DEFAULT_HOURS = 24


def check(value: Any, problems: Problems) -> dict[str, Any] | None:
    """The poll with its defaults; problems are noted under `poll`."""
    if value is None:
        return None
    if not isinstance(value, dict):
        problems.add("poll", "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return None
    question = _media(value.get("question"), "poll.question", QUESTION_CHARS, problems)
    question.pop("emoji", None)  # "emoji ... is only supported for poll answers"
    answers = value.get("answers")
    if not isinstance(answers, list) or not 1 <= len(answers) <= MOST_ANSWERS:
        problems.add(
            "poll.answers", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {MOST_ANSWERS} in length."
        )
        answers = []
    hours = value.get("duration") or DEFAULT_HOURS
    if not isinstance(hours, int | float) or not 1 <= hours <= MOST_HOURS:
        problems.add("poll.duration", "NUMBER_TYPE_MAX", f"int value should be between 1 and {MOST_HOURS}.")
        hours = DEFAULT_HOURS
    return {
        "question": question,
        "answers": [
            {
                "answer_id": index + 1,
                "poll_media": _media(
                    each.get("poll_media") if isinstance(each, dict) else None,
                    f"poll.answers.{index}.poll_media",
                    ANSWER_CHARS,
                    problems,
                ),
            }
            for index, each in enumerate(answers)
        ],
        "hours": float(hours),
        "allow_multiselect": bool(value.get("allow_multiselect")),
    }


def _media(value: Any, path: str, chars: int, problems: Problems) -> dict[str, Any]:
    media = value if isinstance(value, dict) else {}
    text = str(media.get("text") or "")
    if not text:
        problems.add(f"{path}.text", "BASE_TYPE_REQUIRED", "This field is required")
    if len(text) > chars:
        problems.add(f"{path}.text", "BASE_TYPE_MAX_LENGTH", f"Must be {chars} or fewer in length.")
    emoji = media.get("emoji")
    return {"text": text} | ({"emoji": emoji} if isinstance(emoji, dict) else {})
