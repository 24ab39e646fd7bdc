"""The shape of a request body: which fields there are, of which types; anything else is a 400.

pydantic's messages are the API's too ("max_tokens: Field required", "foo: Extra inputs are not permitted").
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, TypeAdapter, ValidationError

from .block_shape import Block, Text, content_tag
from .failures import Failure, refused
from .prompt import Body
from .shape_parts import SILENT, CacheControl, Strict
from .tool_shape import AnyTool, ToolChoice

MAX_MESSAGES = 100_000
SAMPLING = ("temperature", "top_p", "top_k")
Content = Annotated[
    Annotated[str, Tag(f"{SILENT}text")] | Annotated[list[Block], Tag(f"{SILENT}blocks")],
    Discriminator(content_tag),
]
System = Annotated[
    Annotated[str, Tag(f"{SILENT}text")] | Annotated[list[Text], Tag(f"{SILENT}blocks")],
    Discriminator(content_tag),
]


class Message(Strict):
    """One entry of `messages`."""

    role: Literal["user", "assistant", "system"]
    content: Content


class Adaptive(Strict):
    """The model decides whether and how much to think."""

    type: Literal["adaptive"]
    display: Literal["summarized", "omitted"] | None = None


class Off(Strict):
    """No thinking, or none before the answer."""

    type: Literal["disabled", "between_tools"]


class Enabled(Strict):
    """Thinking within a budget of tokens."""

    type: Literal["enabled"]
    budget_tokens: Annotated[int, Field(ge=1024)]
    display: Literal["summarized", "omitted"] | None = None


class OutputFormat(Strict):
    """The schema that the answer has to follow."""

    type: Literal["json_schema"]
    schema_: Annotated[dict[str, Any], Field(alias="schema")]


class OutputConfig(Strict):
    """`output_config`."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None


class Metadata(Strict):
    """`metadata`."""

    user_id: Annotated[str, Field(max_length=256)] | None = None


class Diagnostics(Strict):
    """`diagnostics`."""

    previous_message_id: str | None = None


class Container(Strict):
    """A container by its id; skills are not known here."""

    id: str | None = None


class CountRequest(Strict):
    """The body of `POST /v1/messages/count_tokens`."""

    model: Annotated[str, Field(min_length=1, max_length=256)]
    messages: Annotated[list[Message], Field(max_length=MAX_MESSAGES)]
    system: System | None = None
    tools: list[AnyTool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Annotated[Adaptive | Off | Enabled, Field(discriminator="type")] | None = None
    output_config: OutputConfig | None = None
    cache_control: CacheControl | None = None
    speed: Literal["standard", "fast"] | None = None


class MessageRequest(CountRequest):
    """The body of `POST /v1/messages`."""

    max_tokens: Annotated[int, Field(ge=0)]
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    metadata: Metadata | None = None
    diagnostics: Diagnostics | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    inference_geo: str | None = None
    container: (
        Annotated[
            Annotated[str, Tag(f"{SILENT}id")] | Annotated[Container, Tag(f"{SILENT}object")],
            Discriminator(lambda value: f"{SILENT}id" if isinstance(value, str) else f"{SILENT}object"),
        ]
        | None
    ) = None
    user_profile_id: str | None = None


MESSAGE = TypeAdapter(MessageRequest)
COUNT = TypeAdapter(CountRequest)


def check_shape(body: Any, *, counting: bool = False, sampling: bool = False) -> Failure | None:
    """The first way in which a decoded body is not a request, if any.

    `sampling` lets `temperature`, `top_p` and `top_k` pass, as API versions before 2026-10-21 do.
    """
    if not isinstance(body, dict):
        return refused("Input should be a valid dictionary")
    known: Body = {key: value for key, value in body.items() if not (sampling and key in SAMPLING)}
    try:
        (COUNT if counting else MESSAGE).validate_python(known)
    except ValidationError as error:
        # Errors of unknown fields come last in pydantic; any order is as good as the API's.
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(part) for part in first["loc"] if not str(part).startswith(SILENT))
        return refused(f"{path}: {first['msg']}")
    return None
