"""IPv4 addresses and networks as the network plugins read them.

```python
from checks.addresses import network, network_words

print(network("10.22.0.0/16"), network("10.22.0.5/16"))
#> 10.22.0.0/16 None
print(network_words("10.22.0.5/16"))
#> bits are set behind the prefix; write 10.22.0.0/16
```
"""

import ipaddress
from functools import lru_cache

EXAMPLE = "10.22.0.0/16"


@lru_cache(maxsize=1024)
def address(value: object) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a text means to Go: zeros before an octet count for nothing, and it may be written as one of IPv6."""
    try:
        if isinstance(value, str) and ":" in value:
            return ipaddress.IPv6Address(value).ipv4_mapped if "%" not in value else None
        return ipaddress.IPv4Address(_plain(value)) if isinstance(value, str) else None
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def network(value: object, strict: bool = True) -> ipaddress.IPv4Network | None:
    """The IPv4 network that a text means to Go; where bits are set behind the prefix, none, unless it is not `strict`."""
    if not isinstance(value, str) or not value.partition("/")[2].isdecimal():
        return None
    try:
        return ipaddress.IPv4Network(_plain(value), strict=strict)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def destination(value: object) -> ipaddress.IPv4Network | None:
    """The IPv4 network that a route leads to. Unlike a subnet it may be written as one of IPv6: the plugins hand it on as text."""
    six = _ipv6(value)
    mapped = six.network_address.ipv4_mapped if six and six.prefixlen >= 96 else None
    return ipaddress.IPv4Network((mapped, six.prefixlen - 96)) if mapped else network(value)


@lru_cache(maxsize=1024)
def is_ipv6(value: object) -> bool:
    """Whether a text is an address or a network of IPv6, and not one of IPv4 in its form."""
    return _ipv6(value) is not None and not destination(value)


def _ipv6(value: object) -> ipaddress.IPv6Network | None:
    try:
        return ipaddress.IPv6Network(value, strict=False) if isinstance(value, str) and ":" in value and "%" not in value else None
    except ValueError:
        return None


def network_words(value: object) -> str:
    """What is wrong with a network, or nothing."""
    if not isinstance(value, str):
        return ""
    if leading_zeros(value):
        return f"leave the leading zeros out: write {_plain(value)}"
    if network(value):
        return ""
    if loose := network(value, strict=False):
        return f"bits are set behind the prefix; write {loose}"
    if ":" in value:
        return f"the plugins that rkt brings hand out IPv4 only; write a network such as {EXAMPLE}"
    return f"write an IPv4 address and a prefix length, such as {EXAMPLE}"


def address_words(value: object) -> str:
    """What is wrong with an address, or nothing."""
    if not isinstance(value, str):
        return ""
    if leading_zeros(value):
        return f"leave the leading zeros out: write {_plain(value)}"
    if address(value):
        return ""
    if network(value, strict=False):
        return f"write the address without prefix length: {value.partition('/')[0]}"
    return "write an IPv4 address, such as 10.22.0.1"


def leading_zeros(value: str) -> bool:
    """Whether a text is an address or a network but for the zeros before an octet."""
    return _plain(value) != value and bool(address(value) or network(value, strict=False))


def _plain(value: str) -> str:
    """An address or network of IPv4 without zeros before an octet."""
    octets, slash, prefix = value.partition("/")
    return ".".join(part.lstrip("0") or "0" if part.isascii() and part.isdigit() else part for part in octets.split(".")) + slash + prefix
