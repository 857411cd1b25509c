import pytest

from scaler.welcome import shared


@pytest.mark.parametrize("token", ["", "the secre", "the secrets", "THE SECRET", "ä", "\udcff"])
async def test_only_the_very_token_is_let_in(token: str) -> None:
    look = shared("the secret")
    assert await look("the secret") is None
    assert "TORPOR_LINK_TOKEN" in (await look(token) or "")


def test_an_empty_token_is_none() -> None:
    with pytest.raises(ValueError, match="needs a token"):
        shared("")
