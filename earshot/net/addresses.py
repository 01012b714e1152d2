"""Resolves host names and refuses addresses inside the operator's network."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from earshot.analysis.errors import Forbidden

PORTS = {"http": 80, "https": 443}
"""URL scheme to its default port."""

STANDS_FOR_IPV4 = (
    IPv6Network("64:ff9b::/96"),  # NAT64 (RFC 6052)
    IPv6Network("::/96"),  # IPv4-compatible (RFC 4291)
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (RFC 2765)
)
"""IPv6 networks whose last 32 bits are the IPv4 address that is reached."""
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
"""Always refused: the operator of the network chooses the position of the IPv4 address
(RFC 8215)."""


def checked(host: str, port: int, may_be_internal: bool) -> list[str]:
    """Addresses of a host, in the order in which to try them.

    Raises:
        Forbidden: ``internal_address``, at least one of them is internal.
        OSError: the name has no address.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        if not may_be_internal and not is_public(address):
            raise Forbidden(
                "internal_address",
                f"{host} is the internal address {address};"
                f' to permit it, add "{host}:{port}" to the JSON list EARSHOT_INTERNAL_HOSTS',
            )
    return found


def is_public(address: str) -> bool:
    """True for an address of the public Internet; IPv6 addresses that embed an IPv4 address are
    judged by both."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    meant = [ip]
    if isinstance(ip, IPv6Address):
        meant += [each for each in (ip.sixtofour, *(ip.teredo or ())) if each is not None]
        meant += (
            [IPv4Address(int(ip) & 0xFFFFFFFF)]
            if any(ip in network for network in STANDS_FOR_IPV4)
            else []
        )
        if ip in LOCAL_NAT64:
            return False
    return all(each.is_global and not each.is_multicast for each in meant)
