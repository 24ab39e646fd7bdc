"""The time in a place."""

import pytest

from bot.conversation.content import Text
from bot.tools.time_in import time_tool
from bot.tools.tool import ToolContext, ToolFailed, ToolPlace

CONTEXT = ToolContext(ToolPlace(1), asker=7, key="k", turn=3)


async def test_the_time_is_that_of_the_zone() -> None:
    tool = time_tool(lambda: 1_700_000_000.0)
    output = await tool.run(CONTEXT, {"zone": "Asia/Kathmandu"})
    assert output.content == (Text("Wednesday, 15 November 2023, 03:58 (UTC+0545)"),)


@pytest.mark.parametrize("zone", ["Atlantis", "../../etc/passwd", "", "/etc/localtime", "Europe"])
async def test_what_is_no_time_zone_is_said_to_be_none(zone: str) -> None:
    with pytest.raises(ToolFailed, match="no time zone"):
        await time_tool(lambda: 0.0).run(CONTEXT, {"zone": zone})
