"""Which network addresses may be called on somebody's word: the public ones.

The tables follow the special-purpose registries of IANA (RFC 6890 and its successors).
"""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

_NEVER: Final = {
    ip_network(block): why
    for block, why in {
        "0.0.0.0/8": "names this host itself",
        "168.63.129.16/32": "is a cloud's metadata service",
        "169.254.0.0/16": "is link-local, as clouds' metadata services are",
        "192.0.0.0/24": "is kept for protocols",
        "192.0.2.0/24": "is for documentation",
        "192.88.99.0/24": "is kept for 6to4 relays",
        "198.18.0.0/15": "is for benchmarks",
        "198.51.100.0/24": "is for documentation",
        "203.0.113.0/24": "is for documentation",
        "224.0.0.0/4": "is multicast",
        "240.0.0.0/4": "is reserved",
        "2001::/23": "is kept for protocols, Teredo among them",
        "2001:db8::/32": "is for documentation",
        "2002::/16": "carries an IPv4 address inside (6to4)",
        "3fff::/20": "is for documentation",
        "::ffff:0:0/96": "carries an IPv4 address inside",
        "64:ff9b::/96": "carries an IPv4 address inside (NAT64)",
        "fd00:ec2::/32": "is a cloud's metadata service",
        "fe80::/10": "is link-local",
        "ff00::/8": "is multicast",
    }.items()
}
_PRIVATE: Final = {
    ip_network(block): why
    for block, why in {
        "10.0.0.0/8": "is private",
        "100.64.0.0/10": "is shared behind a carrier's NAT, metadata services among it",
        "127.0.0.0/8": "is loopback",
        "172.16.0.0/12": "is private",
        "192.168.0.0/16": "is private",
        "::1/128": "is loopback",
        "fc00::/7": "is private",
    }.items()
}
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is routed on the internet; what lies outside is called by nobody's wish."""

_METADATA: Final = ip_address("100.100.100.200")
"""A metadata service in the middle of the carriers' range."""


def objection(address: str, *, private: bool = False) -> str:
    """Say in words why an address may not be called; empty when it may.

    Args:
        address: an IPv4 or IPv6 address as resolvers give it, perhaps with a zone.
        private: whether loopback and private networks are allowed. Link-local, multicast,
            metadata and reserved addresses never are.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "is no address"
    if parsed == _METADATA:
        return "is a cloud's metadata service"
    for block, why in _NEVER.items():
        if parsed in block:
            return why
    for block, why in _PRIVATE.items():
        if parsed in block:
            return "" if private else why
    return "" if _is_routed(parsed) else "is not routed on the internet"


def _is_routed(parsed: IPv4Address | IPv6Address) -> bool:
    return isinstance(parsed, IPv4Address) or parsed in _GLOBAL_UNICAST
