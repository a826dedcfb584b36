"""What a flag or a variable takes: the values of each type, as Go reads them.

```python
from checks.literals import wanted

print(wanted("yes", "bool"), "|", wanted("true", "bool"), "|", wanted("5 min", "duration"))
#> write true or false |  | write a duration, such as 30s or 5m
```
"""

import ipaddress
import re

from checks import schemas
from checks.facts import load as facts

_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_WHOLE = "write a whole number"
# The forms of each type, and what to write instead of anything else. A type that stands in neither list takes any text.
_FORMS = {
    "bool": (r"1|0|t|f|T|F|true|false|TRUE|FALSE|True|False", "write true or false"),
    "custom:version": (r"1|0|t|f|T|F|true|false|TRUE|FALSE|True|False|raw", "write true, false or raw"),
    "bool or duration": (rf"1|0|t|f|true|false|(?:{_NUMBER}(?:ns|us|µs|ms|s|m|h))+", "write true, false or a duration, such as 30s"),
    "duration": (rf"0|[-+]?(?:{_NUMBER}(?:ns|us|µs|ms|s|m|h))+", "write a duration, such as 30s or 5m"),
    "float32": (rf"[-+]?{_NUMBER}(?:[eE][-+]?[0-9]+)?", "write a number"),
    "float64": (rf"[-+]?{_NUMBER}(?:[eE][-+]?[0-9]+)?", "write a number"),
    "intList": (r"[0-9]+(?:,[0-9]+)*", "write whole numbers with commas between them"),
    "env(NAME=VALUE)": (r"[^=]+=.*", "write NAME=VALUE"),
    "key=value": (r"[^=]+=.*", "write NAME=VALUE"),
    "portList(NAME:HOSTPORT)": (r"[a-z0-9-]+:(?:[^,]*:)?[0-9]{1,5}(?:,.*)?", "write NAME:PORT, the port's name in the image and the port of the host"),
    "version": (r"[0-9]+\.[0-9]+\.[0-9]+\S*", "write a version without v, such as 1.14.0"),
}  # fmt: skip
_INTEGER = re.compile(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_PARAMETERS = {  # of types whose values are `key=value` with commas between, each key with the values that it takes
    "mount(volume=NAME,target=PATH)": {"volume": "", "target": ""},
    "volume(NAME,kind=KIND,source=PATH,readOnly=BOOL)": {
        "kind": "host|empty", "source": "", "readOnly": "true|false|1|0", "recursive": "true|false|1|0", "mode": "", "uid": "[0-9]+", "gid": "[0-9]+",
    },
}  # fmt: skip


def wanted(value: str, kind: str) -> str:
    """What to write in place of a value that a flag of this type does not take; empty for one that it takes.

    `kind` is a type of `kubelet-flags.json` or `rkt-cli.json`, or one of `port`, `version`.
    """
    if kind in _FORMS:
        form, words = _FORMS[kind]
        return "" if re.fullmatch(form, value, re.S) else words
    if kind.startswith("enum("):
        return one_of(value, kind[5:-1].split(","))
    if kind in _PARAMETERS:
        return _parameters(value, kind)
    if kind == "ip":
        return _address(value)
    if kind == "optionList":
        known = facts("rkt-cli")["insecure_options"]["v1.30.0"]
        wrong = next((part for part in value.split(",") if part not in known), None)
        return (
            ""
            if wrong is None
            else f"there is no option {schemas.shown(wrong)}{schemas.nearest(wrong, known) or '; known are ' + ', '.join(known)}"
        )
    return _integer(value, kind) if re.fullmatch(r"u?int(32|64)?|port", kind) else ""


def one_of(value: str, known: list[str], *, others: bool = False) -> str:
    """What to write in place of a value that is not in a list; with `others`, only where it is nearly one of the list."""
    if value in known or (others and value.partition(":")[0] in known):
        return ""
    named = [each for each in known if each]
    if others:
        near = schemas.nearest(value.partition(":")[0], named)
        return near and f"there is none of this name{near}"
    choices = ", ".join(named[:-1]) + " or " + named[-1] if len(named) > 1 else named[0]
    return f"write {choices}{', or leave it empty' if '' in known else ''}"


def _integer(value: str, kind: str) -> str:
    """Go reads 0x10 and 010 as well, and refuses what does not fit into so many bits. (`--v` of glog is decimal, which this covers.)"""
    if not _INTEGER.fullmatch(value) or len(value) > 24:
        return _WHOLE
    digits = value.lstrip("+-")
    number = int(digits, 8 if re.fullmatch("0[0-7]+", digits) else 0) * (-1 if value.startswith("-") else 1)
    if kind == "port":
        return "" if 0 <= number < 2**16 else "write a port, a number up to 65535"
    bits = 32 if kind.endswith("32") else 64
    least, most = (0, 2**bits - 1) if kind.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return "" if least <= number <= most and not (kind.startswith("u") and value[0] in "+-") else f"{_WHOLE} from {least} to {most}"


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return "write an address, such as 127.0.0.1"
    return ""


def _parameters(value: str, kind: str) -> str:
    """What is wrong with the first bad parameter of `key=value,key=value`."""
    known, parts = _PARAMETERS[kind], value.split(",")
    for part in parts[1:] if "kind" in known else parts:
        key, _, content = part.partition("=")
        if key not in known:
            return f"there is no parameter {schemas.shown(key)}{schemas.nearest(key, known) or '; known are ' + ', '.join(known)}"
        if known[key] and not re.fullmatch(known[key], content):
            return f"{key} takes {known[key].replace('|', ', ').replace('[0-9]+', 'a number')}"
    missing = next((key for key in (["kind"] if "kind" in known else known) if not re.search(rf"(?:^|,){key}=", value)), None)
    return f"it lacks {missing}=" if missing else ""
