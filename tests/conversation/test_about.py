from bot.conversation.about import KEPT, OperatorFacts, about
from bot.store.contracts import CONTRACTS

FACTS = OperatorFacts(
    "https://example.org/privacy", True, "voice.example.org", audit_days=180, usage_days=400
)


def told(facts: OperatorFacts = FACTS, *, servers_own: bool = False) -> str:
    return about(facts, model="claude-sonnet-5-5", retention_days=90, servers_own=servers_own, version="1.0")


def test_each_contract_of_personal_data_stands_in_one_row() -> None:
    rows = [key for row in KEPT for key in row.keys]
    assert len(rows) == len(set(rows))
    assert set(rows) == {contract.name for contract in CONTRACTS if contract.personal}


def test_it_names_how_long_what_is_kept_the_model_and_the_privacy_page() -> None:
    text = told()
    for each in ("90 days after the last message", "180 days", "400 days", "claude-sonnet-5-5"):
        assert each in text
    assert "https://example.org/privacy" in text
    assert "written encrypted" in text
    assert "voice.example.org" in text
    assert "{" not in text


def test_it_says_what_the_operator_has_not_set() -> None:
    text = told(OperatorFacts(audit_days=1, usage_days=1))
    assert "not encrypted" in text
    assert "no privacy page" in text
    assert "Recordings" not in text


def test_it_fits_into_one_message_with_everything_in_it() -> None:
    facts = OperatorFacts(
        "https://example.org/" + "p" * 100, True, "v" * 60, audit_days=3650, usage_days=3650
    )
    assert len(told(facts, servers_own=True)) <= 2000
    tools = [f"tool_{number}_{'n' * 12}" for number in range(20)]
    text = about(facts, model="m" * 25, retention_days=90, servers_own=True, version="1.0", tools=tools)
    assert len(text) <= 2000
    assert "and its search provider" in text
