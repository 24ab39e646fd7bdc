"""The models that the server offers and their lifecycle, read from the Models API at the start and daily."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import structlog

from bot.claude.models import TABLE, family, from_api, from_table
from bot.claude.translate import translated
from bot.conversation.errors import (
    ClaudeError,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeUnreachable,
    ClaudeWrongAddress,
)
from bot.conversation.model import ModelInfo
from bot.conversation.surrogates import whole_json

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic

log = structlog.get_logger()

# The start of the bot waits for the check, and goes on without its result.
CHECK_TIMEOUT_S = 5.0
# The API's maximum: one page holds all models.
LIST_LIMIT = 1000
# The pages that are read of a list that never ends.
MOST_PAGES = 10


def today_utc() -> dt.date:
    """Return the current date; models retire by the UTC date."""
    return dt.datetime.now(dt.UTC).date()


class Catalogue:
    """What is known about models; `successor` is the model that the operator names for retired ones.

    `complete` is true once the server has listed its models: a model that is not listed does not exist then.
    `today` returns the current date; `another_used` is set when a model is used for the first time that day.
    """

    def __init__(
        self,
        sdk: AsyncAnthropic,
        *,
        successor: str | None = None,
        today: Callable[[], dt.date] = today_utc,
    ) -> None:
        self._sdk = sdk
        self._successor = successor
        self.today = today
        self.another_used = asyncio.Event()
        self._listed: dict[str, ModelInfo] = {}
        self._used: dict[str, dt.date] = {}
        self._fresh: set[str] = set()

    @property
    def complete(self) -> bool:
        """Whether the server has listed its models."""
        return bool(self._listed)

    def models(self) -> tuple[ModelInfo, ...]:
        """Return every usable model, the newest first."""
        known = self._listed or TABLE
        usable = [self.find(id_) for id_ in known]
        found = [info for info in usable if info is not None and not info.retired]
        return tuple(sorted(found, key=lambda info: info.released or dt.date.min, reverse=True))

    def find(self, model: str) -> ModelInfo | None:
        """Return what is known about a model, by its full id or its id without the date suffix."""
        listed = self._listed.get(model)
        if listed is None:
            listed = next((info for id_, info in self._listed.items() if family(id_) == model), None)
        return listed or from_table(model)

    def serves(self, model: str) -> bool:
        """Whether the server offers a model; true while the list of models is not known."""
        return not self._listed or model in self._listed or any(family(id_) == model for id_ in self._listed)

    def near(self, model: str) -> tuple[str, ...]:
        """Return the ids that are most similar to an id that does not exist."""
        usable = [info.id for info in self.models()]
        return tuple(get_close_matches(model, usable, n=3, cutoff=0.5) or usable[:3])

    def successor(self, model: str) -> str | None:
        """Return the replacement for a model: the one that the operator named, else the newest of the same line."""
        if self._successor is not None and self._successor != model:
            return self._successor
        info = self.find(model)
        if info is None or info.line is None:
            return None
        since = info.released or dt.date.min
        later = (each for each in self.models() if (each.released or dt.date.min) > since)
        return next((each.id for each in later if each.line == info.line and not each.deprecated), None)

    def gone(self, model: str, refusal: ClaudeModelUnknown | None = None) -> ClaudeModelUnknown:
        """Build the error for a model that the server does not offer; `refusal` is the server's own error."""
        info = self.find(model)
        if info is not None and info.retired:
            when = f" on {info.retires}" if info.retires else ""
            detail = f"{model} was retired{when}"
        else:
            near = [id_ for id_ in self.near(model) if id_ != model]
            detail = f"no model is called {model!r}; near: {', '.join(near)}"
        if refusal is None:
            return ClaudeModelUnknown(detail, model=model, successor=self.successor(model))
        return ClaudeModelUnknown(
            f"{refusal}: {detail}",
            request_id=refusal.request_id,
            model=model,
            successor=self.successor(model),
        )

    async def check(self, model: str, *, timeout_s: float = CHECK_TIMEOUT_S) -> ModelInfo | None:
        """Read the list of models and return the capabilities of `model`, None if they are not known.

        Raises ClaudeKeyRefused, ClaudeWrongAddress, and ClaudeModelUnknown if the model is retired, or if the server
        lists its models and `model` is not among them. Any other failure is logged as one warning and does not stop
        the start: a server that implements only the Messages API may answer a request for models with anything.
        """
        info: ModelInfo | None = None
        try:
            with translated():
                async with asyncio.timeout(timeout_s):
                    info = await self._look_up(model)
        except (ClaudeKeyRefused, ClaudeModelUnknown, ClaudeWrongAddress):
            raise
        except ClaudeError as error:
            log.warning("model_unchecked", model=model, reason=str(error), error=type(error).__name__)
            info = self.find(model)
        else:
            if info is None:
                log.warning("model_unchecked", model=model, reason="no usable Models API")
                info = self.find(model)
        return info

    async def refresh(self, *, timeout_s: float = CHECK_TIMEOUT_S) -> bool:
        """Read the list of models again, and return whether there was one; if not, the previous list stays."""
        try:
            with translated():
                async with asyncio.timeout(timeout_s):
                    listed = await self._list()
        except ClaudeError as error:
            log.warning("catalogue_not_read", reason=str(error), error=type(error).__name__)
            return False
        if listed:
            self._listed = listed
            log.info("catalogue_read", models=len(listed))
        else:
            log.warning("catalogue_not_read", reason="no usable Models API")
        return bool(listed)

    def use(self, model: str) -> None:
        """Note that a model is in use, so that its retirement is announced."""
        today = self.today()
        if self._used.get(model) != today:
            self._used[model] = today
            self._fresh.add(model)
            self.another_used.set()

    def take_used(self) -> frozenset[str]:
        """Return the models whose use has begun since the last call."""
        taken, self._fresh = frozenset(self._fresh), set()
        self.another_used.clear()
        return taken

    def ends_soon(self, model: str) -> bool:
        """Whether to tell the operator about the retirement of a model."""
        info = self.find(model)
        return info is not None and (info.deprecated or info.ends_soon(self.today()))

    def announce(self, model: str) -> None:
        """Log in one line when a model will be retired, and its replacement."""
        info = self.find(model)
        if info is None:
            return
        log.warning(
            "model_retired" if info.retired else "model_ends",
            model=model,
            retires=None if info.retires is None else info.retires.isoformat(),
            days=None if info.retires is None else (info.retires - self.today()).days,
            successor=self.successor(model),
            hint="change claude.model (BOT_CLAUDE__MODEL), or /model set where it was chosen",
        )

    async def _look_up(self, model: str) -> ModelInfo | None:
        try:
            self._listed = await self._list()
        except (ClaudeModelUnknown, ClaudeWrongAddress):
            self._listed = {}
        except ClaudeUnreachable as error:
            if not isinstance(error.__cause__, ValueError):
                raise
            self._listed = {}  # an answer that is not JSON
        if not self._listed:
            await self._probe(model)
        info = self.find(model) if model in self._listed else await self._ask(model)
        if info is not None and info.retired:
            raise self.gone(model)
        return info

    async def _probe(self, model: str) -> None:
        """Raise ClaudeWrongAddress if the server has no Messages API either.

        A request without messages is refused by the API and costs nothing.
        """
        try:
            with translated():
                answer = await self._sdk.messages.with_raw_response.create(
                    model=model, max_tokens=1, messages=[]
                )
        except ClaudeWrongAddress:
            raise
        except ClaudeError as error:
            log.debug("messages_probed", reason=str(error))
            return
        if answer.headers.get("content-type", "").startswith("text/html"):
            raise ClaudeWrongAddress("a web page")

    async def _ask(self, model: str) -> ModelInfo | None:
        """Request one model: the id may be an alias, which the list does not contain."""
        try:
            with translated():
                answer = await self._sdk.models.with_raw_response.retrieve(model)
                info = from_api(model, json.loads(whole_json(await answer.text())))
        except ClaudeModelUnknown as error:
            if self._listed:
                raise self.gone(model, error) from error
            return None
        except ClaudeWrongAddress:
            return None
        if info is not None and self._listed:
            self._listed[model] = info
        return info

    async def _list(self) -> dict[str, ModelInfo]:
        """Return all models of the server, retired ones included, by id; raises any ClaudeError."""
        found: dict[str, ModelInfo] = {}
        after: dict[str, Any] = {}
        for _ in range(MOST_PAGES):
            with translated():
                answer = await self._sdk.models.with_raw_response.list(
                    limit=LIST_LIMIT, lifecycle=["active", "deprecated", "retired"], **after
                )
                body = json.loads(whole_json(await answer.text()))
            page = _models(body)
            fresh = {id_: info for id_, info in page.items() if id_ not in found}
            found |= fresh
            if not (fresh and isinstance(body, Mapping) and body.get("has_more") is True):
                break
            after = {"after_id": list(page)[-1]}
        return found


def _models(body: object) -> dict[str, ModelInfo]:
    data = body.get("data") if isinstance(body, Mapping) else None
    entries = data if isinstance(data, list) else []
    ids = [(entry.get("id"), entry) for entry in entries if isinstance(entry, Mapping)]
    infos = {id_: from_api(id_, entry) for id_, entry in ids if isinstance(id_, str)}
    return {id_: info for id_, info in infos.items() if info is not None}
