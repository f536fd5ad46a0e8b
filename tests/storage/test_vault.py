"""Sealed values open with the right key only, and keys rotate."""

import pytest

from storage import Vault, WrongKey
from storage.vault import new_key

SAID = "Giàng A Páo, 0912 345 678"


def test_what_is_sealed_opens_and_shows_nothing() -> None:
    vault = Vault({"k1": new_key()})
    sealed = vault.seal(SAID)
    assert vault.open(sealed) == SAID
    assert sealed.startswith("k1:")
    assert "0912" not in sealed
    assert vault.open(vault.seal("")) == ""
    assert vault.open_json(vault.seal_json({"tên": [1, None]})) == {"tên": [1, None]}


def test_an_older_key_still_opens_after_a_rotation() -> None:
    old, new = new_key(), new_key()
    sealed = Vault({"k1": old}).seal(SAID)
    rotated = Vault.parse(f"k2:{new}, k1:{old}")
    assert rotated.open(sealed) == SAID
    assert rotated.newest == "k2"


@pytest.mark.parametrize("text", ["", "k1", "k1:", ":abc", "k1:short", "k1:đây không phải khóa"])
def test_keys_that_are_none_are_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(WrongKey) as refused:
        Vault.parse(text)
    assert "\n" not in str(refused.value)


def test_a_lost_or_wrong_key_is_named() -> None:
    sealed = Vault({"k1": new_key()}).seal(SAID)
    for vault in (Vault({"k2": new_key()}), Vault({"k1": new_key()})):
        with pytest.raises(WrongKey, match="k1"):
            vault.open(sealed)


def test_a_proof_is_for_one_purpose() -> None:
    vault = Vault({"k1": new_key()})
    proof = vault.sign("media", "tệp")
    assert vault.signed("media", "tệp", proof)
    assert not vault.signed("export", "tệp", proof)
    assert not vault.signed("media", "khác", proof)
    assert not vault.signed("media", "tệp", "k9.xx")
