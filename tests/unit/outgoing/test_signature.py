"""Signatures that any Standard Webhooks library verifies."""

import pytest

from services.errors import SettingsError
from services.outgoing.signature import key_of, new_secret, signed_headers

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
BODY = b'{"test": 2432232314}'
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_vector_is_signed_as_published() -> None:
    """The example of the specification's own libraries comes out byte for byte."""
    headers = signed_headers([SECRET], MESSAGE, 1614265330, BODY)

    assert headers == {
        "webhook-id": MESSAGE,
        "webhook-timestamp": "1614265330",
        "webhook-signature": SIGNED,
    }


def test_a_secret_may_come_without_its_prefix() -> None:
    """The prefix is for people; the key is what follows."""
    headers = signed_headers([SECRET.removeprefix("whsec_")], MESSAGE, 1614265330, BODY)

    assert headers["webhook-signature"] == SIGNED


def test_while_a_secret_is_replaced_both_sign() -> None:
    """A receiver that knows either secret finds a signature of it."""
    headers = signed_headers([new_secret(), SECRET], MESSAGE, 1614265330, BODY)

    assert headers["webhook-signature"].split(" ")[1:] == [SIGNED]


def test_secrets_are_long_and_never_the_same() -> None:
    """A new secret has 256 bits."""
    first, second = new_secret(), new_secret()

    assert first.startswith("whsec_")
    assert len(key_of(first)) == 32
    assert first != second


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "whsec_%%%", "w" * 300])
def test_an_unfit_secret_is_refused_and_not_shown(secret: str) -> None:
    """The message says what a secret looks like and quotes none."""
    with pytest.raises(SettingsError, match="24 to 64 bytes") as refused:
        key_of(secret)

    assert secret[6:] == "" or secret[6:] not in str(refused.value)
