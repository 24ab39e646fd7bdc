"""The routes of the models."""

from __future__ import annotations

from aiohttp import web

from .failures import Failure
from .listing import asked_page
from .record import Call
from .withheld import Withheld


class ModelRoutes:
    """The models that are not withheld."""

    def __init__(self, withheld: Withheld) -> None:
        self._withheld = withheld

    async def list(self, request: web.Request, _: Call) -> web.StreamResponse:
        """List the models."""
        return web.json_response(asked_page(self._withheld.models(), request))

    async def retrieve(self, request: web.Request, _: Call) -> web.StreamResponse:
        """Return one model, by its id or an alias."""
        name = request.match_info["id"]
        model = next((model for model in self._withheld.models() if name in (model.id, *model.aliases)), None)
        if model is None:
            raise Failure(404, f"model: {name}")
        return web.json_response(model.info())
