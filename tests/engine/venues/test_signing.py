"""Signing in this process."""

import msgspec

from engine.venues.signing import Purpose, SignHere, SignRequest


class _Ask(SignRequest, frozen=True, kw_only=True):
    words: str

    @property
    def purpose(self) -> Purpose:
        return Purpose(operation="cancel")


class _Answer(msgspec.Struct, frozen=True):
    signature: str


class _Signer:
    account = "me"

    def sign(self, request: _Ask, /) -> _Answer:
        return _Answer(f"{self.account} signed {request.words}")


async def test_signing_here_answers_as_the_signer_does() -> None:
    signing = SignHere(_Signer())
    assert signing.account == "me"
    assert await signing.sign(_Ask(words="this")) == _Answer("me signed this")
