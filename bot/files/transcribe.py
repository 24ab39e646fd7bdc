"""Recordings to text, by a server that speaks the usual transcription API: `POST …/audio/transcriptions`."""

from __future__ import annotations

import asyncio
import io
import json

import aiohttp
import structlog

from bot.config.proxy import proxy_for
from bot.conversation.surrogates import whole
from bot.conversation.visible import is_blank
from bot.files.result import Problem, Recording, Transcript
from bot.files.shorten import shortened
from bot.retry import Schedule, retry

log = structlog.get_logger()

AT_ONCE = 2
"""A server in the same house often transcribes one recording at a time."""

ONCE_MORE = Schedule(1.0, spread=0.5, tries=2)
ANSWER_BYTES_MAX = 4_000_000
CHUNK_BYTES = 64 * 1024

TOO_LARGE = 413
REFUSED = (401, 403)
NOT_UNDERSTOOD = (400, 415, 422)
"""The server cannot decode the recording."""

WRONG_KEY = "set voice.api_key (BOT_VOICE__API_KEY) to a key that the server at voice.url accepts"
WRONG_SERVER = (
    "the server at voice.url has no POST /audio/transcriptions, or does not know voice.model: correct them"
)


class _Unavailable(Exception):
    """The server is down, overloaded or limits the rate."""


class Transcriber:
    """Transcribes recordings; `url` is the whole address of the route."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str,
        model: str,
        max_seconds: float,
        timeout_s: float,
        text_chars: int,
    ) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._model = model
        self._max_seconds = max_seconds
        self._timeout_s = timeout_s
        self._text_chars = text_chars
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._logged: set[str] = set()

    async def transcribe(self, data: bytes, recording: Recording) -> Transcript | Problem:
        """Return what is heard in a recording; all waiting together takes no longer than the time limit."""
        if recording.seconds is not None and recording.seconds > self._max_seconds:
            return Problem.TOO_LONG
        try:
            async with asyncio.timeout(self._timeout_s), self._slots, _session() as session:
                text = await retry(lambda: self._post(session, data, recording), ONCE_MORE, on=_Unavailable)
        except (_Unavailable, TimeoutError) as error:
            # The text of an exception of aiohttp may name the address, and that a password.
            reason = str(error) if isinstance(error, _Unavailable) else "timeout"
            log.warning("transcription_failed", reason=reason, bytes=len(data))
            return Problem.NOT_HEARD
        if isinstance(text, Problem):
            return text
        self._logged.clear()
        words = shortened(whole(text), self._text_chars)
        if isinstance(words, Problem) or is_blank(words.text):
            return Problem.SILENT
        return Transcript(words.text, words.left_out, recording.seconds)

    async def _post(self, session: aiohttp.ClientSession, data: bytes, recording: Recording) -> str | Problem:
        try:
            async with session.post(
                self._url,
                data=self._form(data, recording),
                headers=self._headers,
                proxy=proxy_for(self._url),
                allow_redirects=False,
            ) as response:
                status, body = response.status, await _body(response)
        except (aiohttp.ClientError, OSError) as error:
            raise _Unavailable(type(error).__name__) from None
        if status == 429 or status >= 500:
            raise _Unavailable(f"status {status}")
        if status == TOO_LARGE:
            return Problem.TOO_LARGE
        if status in NOT_UNDERSTOOD:
            log.info("transcription_rejected", status=status, bytes=len(data))
            return Problem.UNREADABLE
        if status in REFUSED:
            return self._unusable(status, WRONG_KEY)
        text = _text_of(body) if status == 200 else None
        return self._unusable(status, WRONG_SERVER) if text is None else text

    def _form(self, data: bytes, recording: Recording) -> aiohttp.FormData:
        """Make the form. Servers tell the format by the name, which is neutral, because names tell about people."""
        form = aiohttp.FormData()
        form.add_field(
            "file",
            io.BytesIO(data),
            filename=f"recording.{recording.extension}",
            content_type=recording.media_type,
        )
        form.add_field("model", self._model)
        form.add_field("response_format", "json")
        return form

    def _unusable(self, status: int, hint: str) -> Problem:
        """Log what only the operator can resolve: once, and again after a success."""
        if hint not in self._logged:
            self._logged.add(hint)
            log.error("transcription_unusable", status=status, hint=hint)
        return Problem.NO_LISTENER


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None)
    )  # aiohttp's own limit is five minutes


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Return the body up to a limit; a longer one is cut, and so is no JSON any more."""
    received = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        received += chunk
        if len(received) > ANSWER_BYTES_MAX:
            break
    return bytes(received)


def _text_of(body: bytes) -> str | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    text = answer.get("text") if isinstance(answer, dict) else None
    return text if isinstance(text, str) else None


async def no_listener(_data: bytes, _recording: Recording) -> Problem:
    """Stand in where no server for transcriptions is set."""
    return Problem.AUDIO
