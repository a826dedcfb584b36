"""The sets of network plugins that a configuration can be aimed at: what rkt brings, 0.9.0, 1.1.1.

```python
from checks.plugin_sets import SETS, aimed, said

print(aimed("", "flannel"), aimed("1.1.1", "bridge"))
#> ('rkt', '0.9.0') ('1.1.1',)
print(said(["0.9.0", "1.1.1"], SETS))
#>  (fails with 0.9.0 and 1.1.1, not with the plugins of rkt)
```
"""

from collections.abc import Iterable, Sequence

from checks.facts import load as facts

SETS: tuple[str, ...] = tuple(facts("plugin-sets")["sets"])


def plugins(name: str) -> list[str]:
    """The file names of the plugins in a set."""
    return facts("rkt-cli")["net_d"]["bundled_plugins"] if name == "rkt" else facts("plugin-sets")["sets"][name]["plugins"]


def with_role(name: str, role: str) -> list[str]:
    """The plugins in a set that make a `network`, or hand out `addresses`."""
    return [plugin for plugin in plugins(name) if plugin in facts("plugin-sets")["roles"][role]]


def aimed(wanted: str, plugin: str) -> tuple[str, ...]:
    """The sets that a configuration of a plugin is aimed at: the one that is wanted; where none is, all that have the plugin.

    Where none of them has it, all count, so that what else is wrong is still seen.
    """
    return (wanted,) if wanted else tuple(name for name in SETS if plugin in plugins(name)) or SETS


def fails(difference: str, name: str) -> bool:
    """Whether what is named in `checks/facts/plugin-sets.json` as a difference makes a configuration fail with a set."""
    return name in facts("plugin-sets")["differences"][difference]["fails_with"]


def called(names: Iterable[str]) -> str:
    """The sets in words."""
    return " and ".join(facts("plugin-sets")["sets"][name]["called"] for name in names)


def said(failing: Sequence[str], among: Sequence[str]) -> str:
    """Which sets fail, to be put behind a message; nothing where all do."""
    working = [name for name in among if name not in failing]
    return f" (fails with {called(failing)}, not with {called(working)})" if working else ""
