"""The line about a large file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.compose import Terms
from bot.conversation.content import Block, Document, FileSource, Image, Text
from bot.conversation.message import Attachment
from bot.conversation.pricing import Prices, Rates
from bot.conversation.prompt import CONTINUE
from bot.conversation.request import Parameters
from bot.conversation.trimming import marks
from bot.turns.heavy_files import HeavyFiles, remark
from bot.turns.prepare import Prepared
from tests.conversation.builders import message
from tests.store.claims import a_claim
from tests.turns.stage import always

SONNET = Prices(2_000_000, 2_500_000, 4_000_000, 100_000, 10_000_000)
TERMS = Terms(Parameters("m", 100), (), marks(80_000, 0.5), prices=SONNET)
PAPER = Document(FileSource("file_1"), 23_340, "paper.pdf")


async def notices(*blocks: Block, so_far: bool = False, remark_tokens: int = 10_000) -> tuple[str, ...]:
    files = tuple(Attachment(at, f"f{at}", "", 4, blocks=(block,)) for at, block in enumerate(blocks))
    asked = message("look", attachments=files)
    step = HeavyFiles(remark_tokens, always(TERMS))
    prepared = await step(
        a_claim(asked.id, messages=(asked,)), Prepared((asked,), (CONTINUE,) if so_far else ())
    )
    return prepared.notices


async def test_a_large_file_is_named_with_what_it_adds_to_each_further_message() -> None:
    assert await notices(PAPER) == (
        "`f0` adds about 23,340 tokens to each further message: about $0.0023, while it is cached. "
        "/context can take it out.",
    )


async def test_smaller_files_and_replies_that_are_continued_need_no_line() -> None:
    assert await notices(Image(FileSource("file_1"), 10_000, "a.png"), Text("x" * 20_000)) == ()
    assert await notices(PAPER, so_far=True) == ()
    assert await notices(PAPER, remark_tokens=23_340) == ()


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (replace(TERMS, prices=None), "`a` adds about 150,000 tokens to each further message. /context can"),
        (replace(TERMS, cache="off"), "message: about $0.3000. /context"),
        (
            replace(TERMS, prices=replace(SONNET, step_tokens=100_000, above=Rates(1, 1, 1, 500_000, 1))),
            "message: about $0.0750, while it is cached. /context",
        ),
    ],
)
def test_the_cost_is_that_of_the_model_in_use(terms: Terms, words: str) -> None:
    assert words in remark(["`a`"], 150_000, terms)


async def test_several_large_files_share_a_line() -> None:
    (notice,) = await notices(PAPER, Image(FileSource("file_1"), 10_000, "a.png"), PAPER)
    assert notice == (
        "`f0` and `f2` add about 46,680 tokens to each further message: about $0.0047, while they are cached. "
        "/context can take them out."
    )
