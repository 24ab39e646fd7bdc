"""Pages of the list of models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from .catalogue import Model
from .failures import Failure, refused

DEFAULT_LIMIT = 20
MOST = 1000
DEFAULT_LIFECYCLES = ("active", "deprecated")


def asked_page(known: Sequence[Model], request: web.Request) -> dict[str, Any]:
    """The page that the query of a request asks for; raises the Failure of a wrong query."""
    query = request.query
    found = page(
        known,
        limit=query.get("limit"),
        after_id=query.get("after_id"),
        before_id=query.get("before_id"),
        lifecycles=[*query.getall("lifecycle", []), *query.getall("lifecycle[]", [])],
    )
    if isinstance(found, Failure):
        raise found
    return found


def page(
    known: Sequence[Model],
    *,
    limit: str | None = None,
    after_id: str | None = None,
    before_id: str | None = None,
    lifecycles: Sequence[str] = (),
) -> dict[str, Any] | Failure:
    """One page of the models, newest first, after or before one of them."""
    if limit is not None and (not limit.isdecimal() or not 1 <= int(limit) <= MOST):
        return refused(f"limit: Input should be an integer from 1 to {MOST}")
    size = int(limit) if limit else DEFAULT_LIMIT
    shown = [model for model in known if model.lifecycle in (lifecycles or DEFAULT_LIFECYCLES)]
    ids = [model.id for model in shown]
    for name, cursor in (("after_id", after_id), ("before_id", before_id)):
        if cursor is not None and cursor not in ids:
            return refused(f"{name}: no such model: {cursor}")
    if after_id is not None and before_id is not None:
        return refused("before_id: cannot be given together with after_id")
    if before_id is not None:
        earlier = shown[: ids.index(before_id)]
        chosen, more = earlier[-size:], len(earlier) > size
    else:
        rest = shown[ids.index(after_id) + 1 :] if after_id is not None else shown
        chosen, more = rest[:size], len(rest) > size
    return {
        "data": [model.info() for model in chosen],
        "has_more": more,
        "first_id": chosen[0].id if chosen else None,
        "last_id": chosen[-1].id if chosen else None,
    }
