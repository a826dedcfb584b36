"""The real programs that the lab runs, and which versions they are.

```python
from checks import programs

print([version for version, folder in programs.cni_plugins().items() if not (folder / "bridge").is_file()])
#> []
```
"""

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
_DEBIAN_PLUGINS = Path("/usr/lib/cni")
_CACHE = Path(__file__).parents[1] / ".cache"  # filled by tests/programs


@cache
def cni_plugins() -> dict[str, Path]:
    """The folders of CNI plugins that are there, by version: Debian's package, and 0.9.0, the last in Debian with `flannel`."""
    folders = {version_of(str(_DEBIAN_PLUGINS / "bridge")): _DEBIAN_PLUGINS}
    folders |= {folder.name.removeprefix("cni-"): folder for folder in sorted(_CACHE.glob("cni-[0-9]*")) if folder.suffix != ".new"}
    return {version: folder for version, folder in folders.items() if (folder / "bridge").is_file()}


@cache
def version_of(program: str) -> str:
    """The version of a program (a name, or a path) as its makers count, without what Debian adds; empty where it is not there."""
    path = shutil.which(program, path=_PATH)
    if not path:
        return ""
    real = os.path.realpath(path)
    # Debian may have listed /bin/ip as well as /usr/bin/ip: both are the same file where /bin is a link.
    owner = _said("dpkg-query", "--search", path, real, path.removeprefix("/usr"), real.removeprefix("/usr")).partition(":")[0]
    said = _said("dpkg-query", "--show", "--showformat=${source:Upstream-Version}", owner) if owner else _said(path, "--version")
    found = re.search(r"\d+(?:\.\d+)*", said)
    return found[0] if found else ""


def _said(*command: str) -> str:
    """What a command prints; empty where it cannot be run."""
    try:
        return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def missing(tree, program: str, what: str) -> None:
    """Report what is not run because a program is missing."""
    tree.not_run.append(f"{what}: {program} is not installed; `make test` installs it")
