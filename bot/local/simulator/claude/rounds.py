"""What one response reads: the model reads its prompt again after each result of a server tool.

Where the request has a breakpoint, the results get a breakpoint of their own, for five minutes (Anthropic, "Server
tools").
"""

from __future__ import annotations

from dataclasses import replace

from .caching import Cache, Lookup
from .catalogue import Model
from .prompt import Body, Prompt, flatten
from .response import Response
from .steps import Json


def read_all(
    cache: Cache, body: Body, prompt: Prompt, model: Model, response: Response, now: float
) -> list[Lookup]:
    """Every reading of a response in order; all but the last are readable at once by the readings after them."""
    lookups: list[Lookup] = []
    content = response.content()
    for said in response.rounds:
        if lookups:
            cache.begin(lookups[-1])
        lookups.append(cache.look_up(_behind(body, prompt, content[:said], model), model, now))
    return lookups


def _behind(body: Body, prompt: Prompt, said: list[Json], model: Model) -> Prompt:
    """The prompt with what the response has said, and a breakpoint on the last result of a server tool."""
    if not said:
        return prompt
    messages = [*body["messages"], {"role": "assistant", "content": said}]
    longer = flatten({**body, "cache_control": None, "messages": messages}, model)
    known = len(prompt.blocks)
    blocks = [replace(block, ttl=mark.ttl) for block, mark in zip(longer.blocks, prompt.blocks, strict=False)]
    added = list(longer.blocks[known:])
    if any(block.ttl for block in prompt.blocks):
        last = max(
            (at for at, block in enumerate(added) if block.kind.endswith("_tool_result")), default=None
        )
        if last is not None:
            added[last] = replace(added[last], ttl="5m")
    return replace(longer, blocks=(*blocks, *added))
