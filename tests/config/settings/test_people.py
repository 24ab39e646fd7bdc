"""The section `[budgets]`."""

from pathlib import Path

from bot.conversation.amount import amount_of
from tests.config.stage import read


def test_amounts_are_read_from_a_list_and_from_a_variable(tmp_path: Path) -> None:
    toml = '[budgets]\nbot = ["5 USD per day", "1 USD/minute"]\nserver = "3 messages per day"'
    settings = read(tmp_path, toml, BOT_BUDGETS__PERSON="20 messages per minute, 200_000 tokens per day")
    budgets = settings.budgets
    assert budgets.bot == (amount_of("5 USD per day"), amount_of("1 USD per minute"))
    assert budgets.server == (amount_of("3 messages per day"),)
    assert budgets.person == (amount_of("20 messages per minute"), amount_of("200000 tokens per day"))
