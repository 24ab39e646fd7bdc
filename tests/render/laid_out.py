"""Replies that are laid out in small messages."""

from __future__ import annotations

from bot.render.layout import Layout
from tests.render.whole import lay_out

LOREM = "Lorem ipsum dolor sit amet, consetetur sadipscing elitr. "


def parts(text: str, limit: int = 200) -> tuple[str, ...]:
    return lay_out(text, [], limit).texts


def shown(text: str, limit: int = 200) -> tuple[str, ...]:
    draft = Layout(limit)
    draft.push(text)
    return draft.texts


CLINGING = (
    "**注意：**请先备份数据，然后再继续。",
    "步骤如下：先看**“设置”**页面，再检查。",
    "**「設定」**を開く",
    "**“강조”**는 중요합니다.",
    "*“强调”*는 또 _「あ」_は",
    "**Note:**text follows here",
    "**`code`**then text",
    "~~“旧”~~新",
)
