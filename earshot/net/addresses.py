"""Resolves host names to addresses of the open Internet, and to none inside the operator's own
network."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from earshot.analysis.errors import Forbidden

PORTS = {"http": 80, "https": 443}
"""Scheme of a web server to its default port."""

STANDS_FOR_IPV4 = (
    IPv6Network("64:ff9b::/96"),  # NAT64 (RFC 6052)
    IPv6Network("::/96"),  # IPv4-compatible (RFC 4291)
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated (RFC 2765)
)
"""The last 32 bits are the IPv4 address that it leads to."""
LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
"""Leads wherever its network wants: where the IPv4 address stands in it is the operator's choice
(RFC 8215)."""


def checked(host: str, port: int, may_be_internal: bool) -> list[str]:
    """Addresses of a host, in the order in which they are to be tried.

    Raises:
        Forbidden: ``internal_address``; one internal address is enough, among however many.
        OSError: the name has no address.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for address in found:
        if not may_be_internal and not is_public(address):
            raise Forbidden(
                "internal_address",
                f"{host} is the internal address {address}; if it shall be read, add {host}:{port}"
                " to EARSHOT_INTERNAL_HOSTS",
            )
    return found


def is_public(address: str) -> bool:
    """True for an address of the open Internet, also where an IPv6 address stands for an IPv4
    one."""
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
