"""Which addresses may be called: the public ones, in every way of writing them."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outgoing.addresses import objection

REFUSED = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.255",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
    "2130706433",
]
PUBLIC = ["1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"]
NEVER_EVEN_AT_HOME = [
    "0.0.0.0",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "::",
    "::ffff:127.0.0.1",
    "fe80::1",
    "fd00:ec2::254",
]


@pytest.mark.parametrize("address", REFUSED)
def test_no_inner_address_is_called(address: str) -> None:
    """Loopback, private, link-local, metadata, multicast, embedded and reserved are refused."""
    assert objection(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called(address: str) -> None:
    """Neighbours of refused ranges are not refused with them."""
    assert objection(address) == ""


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.2", "::1", "fd12::1"])
def test_private_networks_can_be_allowed(address: str) -> None:
    """On a laptop receivers are at home."""
    assert objection(address, private=True) == ""


@pytest.mark.parametrize("address", NEVER_EVEN_AT_HOME)
def test_metadata_and_multicast_are_never_called(address: str) -> None:
    """Allowing private networks does not open a cloud's metadata service."""
    assert objection(address, private=True)


@given(st.ip_addresses(v=4))
def test_what_is_called_is_global(address: IPv4Address) -> None:
    """No IPv4 address passes that the standard library knows to be anything but global."""
    assert objection(str(address)) or (address.is_global and not address.is_multicast)


@given(st.ip_addresses(v=6))
def test_what_is_called_is_global_in_version_six(address: IPv6Address) -> None:
    """The same of IPv6, and none passes that carries another address inside."""
    assert objection(str(address)) or (
        address.is_global
        and not address.is_multicast
        and (address.ipv4_mapped, address.sixtofour, address.teredo) == (None, None, None)
    )


@given(st.ip_addresses(network="::ffff:0:0/96"))
def test_mapped_addresses_are_refused(address: IPv6Address) -> None:
    """No IPv4 address gets through in the clothes of IPv6."""
    assert objection(str(address))


@given(
    st.sampled_from(["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "fc00::/7"])
    .map(ip_network)
    .flatmap(lambda block: st.ip_addresses(network=str(block)))
)
def test_whole_ranges_are_refused(address: IPv4Address | IPv6Address) -> None:
    """Not their usual members alone."""
    assert objection(str(address))
