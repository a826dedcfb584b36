"""What real programs printed: the files in `facts/recordings/`, taken apart.

```python
from checks.recordings import of_command

for recording in of_command("rkt version"):
    print(recording.file, recording.output.splitlines()[0])
    #> errors-1.13.0.txt rkt Version: 1.13.0
    #> errors-1.30.0.txt rkt Version: 1.30.0
```
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "facts" / "recordings"
_COMMAND = re.compile(r"(?:\[node\]# |\$ )(?P<command>.*)")
_EXIT = re.compile(r"\[exit \d+\]")


@dataclass(frozen=True)
class Recording:
    """One command and all that it printed; `line` is that of the command in `file`."""

    file: str
    line: int
    command: str
    output: str


@cache
def all_recordings() -> tuple[Recording, ...]:
    """Every recording, by file and line."""
    return tuple(each for path in sorted(FOLDER.glob("*.txt")) for each in parse(path.name, path.read_bytes().decode()))


def parse(file: str, text: str) -> list[Recording]:
    """The recordings of one file: a command line, its output, a line `[exit N]`; what stands between them are remarks."""
    found, command, start, output = [], None, 0, []
    for number, line in enumerate(text.split("\n"), 1):
        if command is None:
            if match := _COMMAND.fullmatch(line):
                command, start, output = match["command"], number, []
        elif _EXIT.fullmatch(line):
            found.append(Recording(file, start, command, "".join(each + "\n" for each in output)))
            command = None
        else:
            output.append(line)
    return found


def of_command(command: str) -> list[Recording]:
    """The recordings of a command; a leading `sudo ` of it is set aside."""
    wanted = command.removeprefix("sudo ")
    return [each for each in all_recordings() if each.command.removeprefix("sudo ") == wanted]


def matching(command: str, output: str) -> list[Recording]:
    """The recordings whose output is exactly this one. Empty lines at the end do not count: no file ends with one."""
    return [each for each in of_command(command) if each.output.rstrip("\n") == output.rstrip("\n")]


@cache
def index() -> dict[str, dict]:
    """What `recordings.json` says of each file: `programs` with their versions, `day`, `where`."""
    return json.loads((FOLDER / "recordings.json").read_text("utf-8"))["recordings"]
