"""The truth that checks compare with: data files, each with its sources and how sure they are.

```python
from checks.facts import load

flags = load("kubelet-flags")["flags"]
print(next(flag["removed_in"] for flag in flags if flag["name"] == "rkt-stage1-image"))
#> 1.11
```
"""

import json
from functools import cache
from pathlib import Path


@cache
def load(name: str) -> dict:
    """The facts in `checks/facts/NAME.json`. They are shared by all callers, so do not change them."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text("utf-8"))
