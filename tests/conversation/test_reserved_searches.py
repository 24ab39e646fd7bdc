"""What a request may cost before it is sent: all searches that it may make (`estimate`, `pricing`)."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import estimate, pricing
from bot.conversation.pricing import Prices
from bot.conversation.request import Parameters, Request
from bot.conversation.server_tools import ServerToolLimits, definitions

PRICES = Prices(input=0, write_5m=0, write_1h=0, read=0, output=0, search=10_000)


def test_all_searches_that_a_request_may_make_are_reserved() -> None:
    request = Request(Parameters("claude-a", 100), (), ())
    assert pricing.cost(estimate.most_of(request, 50), PRICES) == 0
    tools = definitions(ServerToolLimits(searches=4))
    searching = replace(request, parameters=replace(request.parameters, tools=tools))
    assert pricing.cost(estimate.most_of(searching, 50), PRICES) == 40_000
