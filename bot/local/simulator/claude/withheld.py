"""Server tools that the organization, or one model, is without."""

from __future__ import annotations

from .catalogue import Model, models
from .failures import Failure, refused
from .prompt import Body
from .tool_rules import kind_of


class Withheld:
    """What is withheld, by tool and model (None for the whole organization), with the words of the refusal."""

    def __init__(self) -> None:
        self._refusals: dict[tuple[str, str | None], str] = {}

    def add(self, tool: str, model: str | None, refusal: str | None) -> None:
        """Withhold a tool."""
        self._refusals[tool, model] = refusal or (
            f"'{model}' does not support the `{tool}` tool."
            if model
            else f"The {tool} tool is not enabled for your organization. Ask an admin to turn it on in the Console."
        )

    def clear(self) -> None:
        """Withhold nothing."""
        self._refusals.clear()

    def check(self, body: Body, model: Model) -> Failure | None:
        """The refusal of the first tool of a request that is withheld, if any."""
        for tool in body.get("tools") or ():
            for key in ((kind_of(tool), None), (kind_of(tool), model.id)):
                if key in self._refusals:
                    return refused(self._refusals[key])
        return None

    def models(self) -> list[Model]:
        """Every model, each without the tools that are withheld from it."""
        return [model.without([tool for tool, of in self._refusals if of == model.id]) for model in models()]
