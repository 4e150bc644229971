"""Posts to addresses that others chose: where they go, how long they take, what is read back."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from email.utils import formatdate

import pytest

from services.errors import AddressRefusedError, UnavailableError
from services.outgoing import post
from services.outgoing.egress import Egress
from services.outgoing.post import ANSWER_BYTES, LONGEST_WAIT_SECONDS, Poster
from tests.unit.outgoing.receivers import CERTIFICATE, answer, receiving


class Names:
    """A resolver that answers the given addresses, one list after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Look a name up."""
        self.asked.append(host)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def home(*answers: Sequence[str]) -> Poster:
    return Poster(Egress(private=True, resolver=Names(*(answers or (["127.0.0.1"],)))))


async def test_a_body_arrives_as_it_was_sent() -> None:
    """Bytes and headers go over unchanged, to the path of the URL, under the receiver's name."""
    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "receiver.test")
        found = await home().post(url, {"webhook-id": "msg_1"}, b'{"a": 1}')

    [got] = receiver.received
    assert (found.status, found.is_success) == (200, True)
    assert (got.line, got.body) == ("POST /hook HTTP/1.1", b'{"a": 1}')
    assert got.headers["webhook-id"] == "msg_1"
    assert got.headers["host"].startswith("receiver.test:")


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    """A receiver cannot send our post on to somewhere else."""
    async with receiving(answer(307, location="http://127.0.0.1:1/secret")) as receiver:
        found = await home().post(receiver.url, {}, b"{}")

    assert (found.status, found.is_success) == (307, False)
    assert len(receiver.received) == 1


async def test_of_an_answer_only_the_beginning_is_read() -> None:
    """A receiver that answers without end costs 64 KiB."""
    async with receiving(answer(200, b"x" * 3_000_000)) as receiver:
        found = await home().post(receiver.url, {}, b"{}")

    assert found.body == b"x" * ANSWER_BYTES


async def test_a_receiver_that_is_silent_is_left() -> None:
    """Nobody waits for longer than the limit."""
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    poster = Poster(Egress(private=True), limit_seconds=0.2)
    began = time.monotonic()
    async with server:
        with pytest.raises(UnavailableError, match=r"within 0\.2 s"):
            await poster.post(f"http://127.0.0.1:{port}/hook", {}, b"{}")
        await asyncio.wait_for(left.wait(), 5)

    assert time.monotonic() - began < 2


async def test_a_receiver_that_is_not_there_is_told_without_its_path() -> None:
    """The path may be a password: it stands in no message."""
    with pytest.raises(UnavailableError) as told:
        await home().post("http://127.0.0.1:1/t0ken", {}, b"{}")

    assert "t0ken" not in str(told.value)


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7),
        ("999999999999", LONGEST_WAIT_SECONDS),
        ("-5", 0),
        ("soon", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
    ],
)
async def test_a_receiver_may_ask_for_time(asked: str, seconds: int) -> None:
    """Retry-After is read in seconds; what is no wait is none, and nobody asks for a week."""
    async with receiving(answer(503, retry_after=asked)) as receiver:
        found = await home().post(receiver.url, {}, b"{}")

    assert found.retry_after == seconds


async def test_a_receiver_may_ask_for_time_by_a_date() -> None:
    """Retry-After as a date is the time until then."""
    async with receiving(answer(429, retry_after=formatdate(time.time() + 100))) as receiver:
        found = await home().post(receiver.url, {}, b"{}")

    assert 90 <= found.retry_after <= 100


async def test_the_address_that_was_looked_at_is_the_one_that_is_called() -> None:
    """A name that leads elsewhere the second time it is looked up gains nothing: it is not."""
    names = Names(["127.0.0.1"], ["169.254.169.254"])
    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "rebinding.test")
        await Poster(Egress(private=True, resolver=names)).post(url, {}, b"{}")
        with pytest.raises(AddressRefusedError, match="link-local"):
            await Poster(Egress(private=True, resolver=names)).post(url, {}, b"{}")

    assert names.asked == ["rebinding.test"] * 2
    assert len(receiver.received) == 1


async def test_one_inner_address_spoils_a_name() -> None:
    """A name with a public and a private address is not called at all."""
    names = Names(["93.184.215.14", "10.0.0.1"])

    with pytest.raises(AddressRefusedError, match="is private"):
        await Poster(Egress(resolver=names)).post("https://both.test/", {}, b"{}")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https:///path",
        "https://",
        "example.com",
        "",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://example.com/" + "x" * 2000,
        "gopher://127.0.0.1/",
        "\x00",
    ],
)
def test_what_is_no_address_of_a_receiver_is_refused(url: str) -> None:
    """Only https://host[:port]/path, without user and fragment."""
    with pytest.raises(AddressRefusedError):
        Egress().read(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.1", "localhost", "[::1]"]
)
async def test_loopback_is_refused_in_every_spelling(host: str) -> None:
    """What counts is the address that the system would connect to."""
    with pytest.raises(AddressRefusedError, match=r"loopback|not found"):
        await Egress().route(f"https://{host}/")


async def test_another_address_of_a_name_is_tried() -> None:
    """Where one address does not take connections the next one is asked."""
    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "two.test")
        found = await home(["127.0.0.9", "127.0.0.1"]).post(url, {}, b"{}")

    assert found.status == 200


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust the receiver's certificate, and nobody else's."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    post._certificates.cache_clear()
    yield
    post._certificates.cache_clear()


async def test_a_receiver_proves_its_name_whatever_its_address(trusting: None) -> None:
    """The certificate is held against the URL's host, though the connection is to an address."""
    async with receiving(tls=True) as receiver:
        url = receiver.url.replace("127.0.0.1", "receiver.test")
        found = await home().post(url, {}, b"{}")

        with pytest.raises(UnavailableError, match="certificate does not hold"):
            await home().post(receiver.url.replace("127.0.0.1", "other.test"), {}, b"{}")

    assert found.status == 200
    assert len(receiver.received) == 1


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect to what nobody has looked at."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    async with receiving() as receiver:
        found = await home().post(receiver.url, {}, b"{}")

    assert found.status == 200
