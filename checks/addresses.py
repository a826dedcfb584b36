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

EXAMPLE = "10.22.0.0/16"


def address(value: object) -> ipaddress.IPv4Address | None:
    try:
        return ipaddress.IPv4Address(value) if isinstance(value, str) else None
    except ValueError:
        return None


def network(value: object, strict: bool = True) -> ipaddress.IPv4Network | None:
    if not isinstance(value, str) or not value.partition("/")[2].isdecimal():
        return None
    try:
        return ipaddress.IPv4Network(value, strict=strict)
    except ValueError:
        return None


def network_words(value: object) -> str:
    """What is wrong with a network, or nothing."""
    if network(value) or not isinstance(value, str):
        return ""
    if loose := network(value, strict=False):
        return f"bits are set behind the prefix; write {loose}"
    if plain := without_zeros(value):
        return f"leave the leading zeros out: write {plain}"
    if ":" in value:
        return f"the plugins that rkt brings hand out IPv4 only; write a network such as {EXAMPLE}"
    return f"write an IPv4 address and a prefix length, such as {EXAMPLE}"


def address_words(value: object) -> str:
    """What is wrong with an address, or nothing."""
    if address(value) or not isinstance(value, str):
        return ""
    if loose := network(value, strict=False):
        return f"write the address without prefix length: {value.partition('/')[0]}" if loose else ""
    if plain := without_zeros(value):
        return f"leave the leading zeros out: write {plain}"
    return "write an IPv4 address, such as 10.22.0.1"


def without_zeros(value: str) -> str:
    """The address or network without leading zeros, where it is one then."""
    plain = ".".join(part.lstrip("0") or "0" if part.isdecimal() else part for part in value.partition("/")[0].split("."))
    plain += "".join(value.partition("/")[1:])
    return plain if plain != value and (address(plain) or network(plain)) else ""
