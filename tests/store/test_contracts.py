"""The contracts of the keys."""

from __future__ import annotations

import re

from bot.store.contracts import CONTRACTS, contract_of
from tests.store.sample_keys import samples

CONTRACTS_BY_NAME = {contract.name: contract for contract in CONTRACTS}


def contracts_of(key: str) -> list[str]:
    """Return the names of the contracts that cover a key."""

    def pattern(name: str) -> str:
        escaped = re.escape(f"p:{name}")
        return re.sub(r"<\w+>", r"[\\w-]+", re.sub(r"\\{[CSP]\\}", r"\\{5\\}", escaped))

    return [name for name in CONTRACTS_BY_NAME if re.fullmatch(pattern(name), key)]


def test_the_contract_of_a_key_is_found_by_the_name_of_the_key() -> None:
    for key in samples().values():
        (name,) = contracts_of(key)
        found = contract_of(key.removeprefix("p:"))
        assert found is not None
        assert found.name == name
    assert contract_of("{5}:nothing") is None
    assert contract_of("{5}:t:5:6") is None


def test_what_may_tell_of_a_person_says_how_it_is_erased_and_nobodys_data_does_not() -> None:
    for contract in CONTRACTS:
        assert bool(contract.personal) == (contract.erased != "nothing"), contract.name
        assert contract.personal == () or contract.whose != "nobody", contract.name
        assert contract.exported == "nothing" or contract.personal, contract.name


def test_what_tells_of_a_person_is_shown_to_them_unless_it_does_not_say_of_whom_it_tells() -> None:
    hidden = {contract.name for contract in CONTRACTS if contract.personal and contract.exported == "nothing"}
    assert hidden == {"scope:<id>"}


def test_a_key_that_names_its_person_and_holds_no_text_is_shown_as_it_is_stored() -> None:
    for contract in CONTRACTS:
        if "<person>" in contract.name or "{P}" in contract.name:
            assert contract.exported == "as stored", contract.name
            assert contract.type in ("hash", "set", "sorted set", "string"), contract.name


def test_each_key_has_one_contract_and_each_contract_a_key() -> None:
    found = {name: contracts_of(key) for name, key in samples().items()}
    assert {name: contracts for name, contracts in found.items() if len(contracts) != 1} == {}
    assert {contract for contracts in found.values() for contract in contracts} == set(CONTRACTS_BY_NAME)
