"""The forms that the API asks of names in a manifest, each with the words for what to write.

```python
from checks.forms import PORT, fits

print(fits(PORT, "http"), fits(PORT, "8080"))
#> True False
```

Source: Kubernetes 1.3 `pkg/util/validation` (RFC 1123, RFC 6335); see `checks/facts/pod-rules.json`.
"""

import re
from typing import NamedTuple


class Form(NamedTuple):
    """What a name looks like, and what to write where it does not."""

    pattern: re.Pattern
    words: str


_SUBDOMAIN = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*"
_SIGNS = "write at most 63 letters, digits, - _ and ."

LABEL = Form(re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"), "write small letters, digits and dashes, at most 63")
SUBDOMAIN = Form(re.compile(rf"(?=.{{1,253}}\Z){_SUBDOMAIN}"), "write small letters, digits, dashes and dots")
# The start of a name, to which the server adds more: a dash may stand last.
START = Form(re.compile(rf"(?=.{{1,253}}\Z){_SUBDOMAIN}-?"), SUBDOMAIN.words)
PORT = Form(
    re.compile(r"(?=.{1,15}\Z)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*"),
    "write at most 15 small letters, digits and single dashes, one letter at least",
)
VARIABLE = Form(re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "write letters, digits and underscores, no digit first")
VARIABLE_TODAY = Form(re.compile(r"[ -<>-~]+"), VARIABLE.words)
HEADER = Form(re.compile(r"[-A-Za-z0-9]+"), "write letters, digits and dashes")
CONFIG_KEY = Form(re.compile(r"(?!\.\.?\Z)[-._a-zA-Z0-9]{1,253}"), "write letters, digits, - _ and ., at most 253")
LABEL_VALUE = Form(re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"), f"{_SIGNS}, no sign first or last")
QUALIFIED = Form(
    re.compile(rf"(?:(?=[^/]{{1,253}}/){_SUBDOMAIN}/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"),
    f"{_SIGNS}, or these behind a domain and a slash",
)


def fits(form: Form, value: str) -> bool:
    """Whether a value has a form."""
    return form.pattern.fullmatch(value) is not None
