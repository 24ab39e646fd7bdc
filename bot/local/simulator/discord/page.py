"""The web page: the files of `bot/local/simulator/page`, if they exist."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).resolve().parent.parent / "page"


def add_to(app: web.Application, folder: Path = FOLDER) -> None:
    """Serve `/` and `/static/*`."""

    async def serve(request: web.Request) -> web.StreamResponse:
        path = (folder / request.match_info.get("path", "index.html")).resolve()
        # A path outside the folder is unknown.
        if not path.is_relative_to(folder) or not path.is_file():
            if "path" in request.match_info:
                return web.Response(status=404, text="There is no such file.")
            return web.Response(text="This is a local Discord; its page is not installed.")
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    app.router.add_get("/", serve)
    app.router.add_get("/static/{path:.+}", serve)
