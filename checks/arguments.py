"""The arguments of a kubelet, word by word, against the flags of Kubernetes 1.3.

```python
from checks.arguments import faults
from checks.documents import parse_yaml

words = parse_yaml("[--allow-privileged, --registr-node=true]")[0].items
print([message for word, message in faults(words)])
#> ['the kubelet of 1.3 has no flag --registr-node (did you mean --register-node?)']
```
"""

import re
from collections.abc import Iterator

from checks import schemas
from checks.facts import load as facts


def faults(words: list) -> Iterator[tuple]:
    """What is wrong with the arguments of a kubelet: the word (anything with a `value`, of YAML or of a shell) and the message.

    A value that a shell has yet to fill in is not judged.
    """
    flags = {flag["name"]: flag for flag in facts("kubelet-flags")["flags"]}
    value_of = None
    for word in words:
        argument = word.value
        if not isinstance(argument, str):
            continue
        dashes, name, equals, value = re.fullmatch(r"(-*)([^=]*)(=?)(.*)", argument, re.S).groups()
        if value_of:
            value_of = None
        elif not dashes:
            yield (
                word,
                f"{schemas.shown(argument)} is no flag and no flag's value; a flag starts with two dashes, a boolean takes =true or =false",
            )
        elif message := _flag_words(dashes, name, flags):
            yield word, message
        else:
            kind = flags[name]["type"]
            value_of = name if not equals and kind != "bool" else None
            if equals and "$" not in value and (message := _flag_value(kind, value)):
                yield word, f"--{name} is {schemas.shown(value)}; {message}"
    if value_of:
        yield words[-1], f"--{value_of} has no value; write --{value_of}= and the value"


def _flag_words(dashes: str, name: str, flags: dict) -> str:
    """What is wrong with the name of a flag, or nothing."""
    known = {key for key, flag in flags.items() if flag["from"] == "1.3"}
    if name in known and (dashes == "--" or (dashes == "-" and len(name) == 1)):
        return ""
    if name in known or name.replace("_", "-") in known:
        return f"{schemas.shown(dashes + name)} is written --{name.replace('_', '-')}"
    if name in flags:
        since = flags[name]["from"]
        return f"--{name} is no flag of the kubelet of 1.3; it came {'with ' + since if since != 'unknown' else 'later'}"
    near = schemas.nearest(name, known).replace("did you mean ", "did you mean --")
    return f"the kubelet of 1.3 has no flag --{schemas.shown(name)}{near or '; delete it'}"


def _flag_value(kind: str, value: str) -> str:
    """What to write in place of a value that a flag of this kind does not take, or nothing."""
    if kind == "bool" and value not in ("true", "false"):
        return "write true or false"
    if kind.removeprefix("u").startswith("int") and not re.fullmatch(r"-?[0-9]+", value):
        return "write a whole number"
    return ""
