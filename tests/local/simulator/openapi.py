"""Holds recorded requests against Discord's official OpenAPI document, where that is at hand.

The document is found by the environment variable BOBBIN_DISCORD_OPENAPI, or as
`shared/specs/discord-openapi.json` in the folder above the repository.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from bot.local.simulator.discord.rest.server import Recorded

_BASE = "urn:discord"


def document_path() -> Path:
    """Where the document should be."""
    named = os.environ.get("BOBBIN_DISCORD_OPENAPI")
    root = Path(__file__).resolve().parents[3]
    return Path(named) if named else root.parent / "shared" / "specs" / "discord-openapi.json"


@dataclass(frozen=True)
class Operation:
    """A path of the document and one of its methods."""

    template: str
    method: str
    definition: dict[str, Any]


class Checker:
    """Says what is wrong with a request or an answer by the document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._registry: Registry[Any] = Registry().with_resource(_BASE, DRAFT202012.create_resource(document))
        self._validators: dict[str, Draft202012Validator] = {}
        # A path without parameters wins over one with: /users/@me over /users/{user_id}.
        templates = sorted(document["paths"], key=lambda each: each.count("{"))
        self._paths = [(re.compile(re.sub(r"\{\w+\}", "[^/]+", each)), each) for each in templates]

    def request_problems(self, request: Recorded) -> list[str]:
        """Every way in which a request is not what the document asks for, each in one line."""
        operation = self.operation(request)
        if isinstance(operation, str):
            return [operation]
        problems = [*self._query_problems(operation, request), *self._body_problems(operation, request)]
        return [f"{request.method} {request.path}: {each}" for each in problems]

    def answer_problems(self, request: Recorded) -> list[str]:
        """Every way in which an answer with success is not what the document promises."""
        operation = self.operation(request)
        if isinstance(operation, str) or not request.status or request.status >= 300:
            return []
        responses = operation.definition["responses"]
        if str(request.status) not in responses:
            return [
                f"{request.method} {operation.template}: status {request.status} is not in {list(responses)}"
            ]
        content = responses[str(request.status)].get("content", {}).get("application/json")
        if content is None or request.answer is None:
            return []
        pointer = self._pointer(
            operation, "responses", str(request.status), "content", "application/json", "schema"
        )
        return [
            f"{request.method} {operation.template}: {each}" for each in self._errors(pointer, request.answer)
        ]

    def operation(self, request: Recorded) -> Operation | str:
        """The operation of a request, or why there is none."""
        for pattern, template in self._paths:
            if pattern.fullmatch(request.path):
                definition = self._document["paths"][template].get(request.method.lower())
                if definition is not None:
                    return Operation(template, request.method.lower(), definition)
        return f"{request.method} {request.path}: the document has no such operation"

    def _query_problems(self, operation: Operation, request: Recorded) -> list[str]:
        declared = operation.definition.get("parameters", [])
        shared = self._document["paths"][operation.template].get("parameters", [])
        known = {each["name"]: each for each in [*declared, *shared] if each.get("in") == "query"}
        problems = [f"unknown query parameter {name!r}" for name in request.query if name not in known]
        missing = [name for name, each in known.items() if each.get("required") and name not in request.query]
        return problems + [f"query parameter {name!r} is missing" for name in missing]

    def _body_problems(self, operation: Operation, request: Recorded) -> list[str]:
        body = operation.definition.get("requestBody")
        if body is None:
            return [] if request.body is None else ["it has a body, and should have none"]
        if request.body is None:
            return ["its body is missing"] if body.get("required") else []
        if "application/json" not in body["content"]:
            return []
        pointer = self._pointer(operation, "requestBody", "content", "application/json", "schema")
        return self._errors(pointer, _with_text_ids(request.body))

    def _errors(self, pointer: str, value: Any) -> list[str]:
        validator = self._validators.get(pointer)
        if validator is None:
            schema = {"$ref": f"{_BASE}#{pointer}"}
            validator = self._validators[pointer] = Draft202012Validator(schema, registry=self._registry)
        return [_line(each) for each in validator.iter_errors(value)]

    def _pointer(self, operation: Operation, *steps: str) -> str:
        path = ("paths", operation.template, operation.method, *steps)
        escaped = (each.replace("~", "~0").replace("/", "~1") for each in path)
        return quote("/" + "/".join(escaped), safe="/~@")


def _with_text_ids(body: Any) -> Any:
    """The body with the numbers of its attachments as text: Discord takes a number as an id, and discord.py sends
    one, though the document knows only text."""
    if not isinstance(body, dict):
        return body
    told = {
        key: _with_text_ids(value) if key in ("message", "data") else value for key, value in body.items()
    }
    if isinstance(told.get("attachments"), list):
        told["attachments"] = [each | {"id": str(each["id"])} for each in told["attachments"]]
    return told


def _line(error: ValidationError) -> str:
    deepest = best_match([error]) or error
    where = ".".join(str(each) for each in deepest.absolute_path)
    return f"{where or 'body'}: {deepest.message[:300]}"


@cache
def _load(path: Path) -> Checker:
    document = json.loads(path.read_text(encoding="utf-8"))
    # The document lacks forwards (resources/message, "Message Reference Types").
    document["components"]["schemas"]["MessageReferenceType"]["oneOf"].append({"const": 1})
    return Checker(document)


def checker() -> Checker:
    """The checker; skips the test where the document is not there."""
    path = document_path()
    if not path.is_file():
        pytest.skip(f"Discord's OpenAPI document is not at hand; set BOBBIN_DISCORD_OPENAPI ({path.name})")
    return _load(path)


def check_requests(requests: Any) -> None:
    """Fail on recorded requests that the document does not allow."""
    known = checker()
    problems = [problem for each in requests for problem in known.request_problems(each)]
    assert not problems, "\n".join(problems)


def check_answers(requests: Any) -> None:
    """Fail on recorded answers that the document does not promise."""
    known = checker()
    problems = [problem for each in requests for problem in known.answer_problems(each)]
    assert not problems, "\n".join(problems)
