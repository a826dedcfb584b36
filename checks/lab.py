"""Runs commands in namespaces of their own: root inside, nothing outside, and nothing left behind.

Two steps make the lab. bubblewrap builds what can be seen (programs read-only, no home, no checkout, no processes of the
host) and ends everything as soon as this process ends. Inside of that `unshare` makes the user, network and mount namespace
that the command is root of. Because of the second step the lab's root cannot undo the first: mounts that come from a more
privileged namespace are locked, so neither `umount` nor a remount for writing reaches the host (mount_namespaces(7),
"Restrictions on mount namespaces").

```python
from checks import lab

for result in [] if lab.unavailable() else [lab.run(["bash", "-c", "echo $HOME; whoami"])]:
    print(result.output.split())
    #> ['/home/reader', 'root']
```
"""

import contextlib
import io
import itertools
import os
import re
import select
import selectors
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

HOME = "/home/reader"
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": HOME,
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "COLUMNS": "80",
    "TERM": "dumb",
    "XTABLES_LOCKFILE": "/run/xtables.lock",  # iptables-legacy locks this file; named so that it is never the host's
}

MEMORY_LIMIT = 512 * 1024 * 1024  # of all processes together, files in memory counted too
MEMORY_LEFT = 128 * 1024 * 1024  # what the whole machine keeps
FILES_LIMIT = 64 * 1024 * 1024  # of all files that are written
PROCESS_LIMIT = 256  # threads counted too: a program written in Go starts about ten
OUTPUT_LIMIT = 1024 * 1024

_NOBODY = 65534
_labs = itertools.count()
_INTERVAL = 0.02  # seconds between two looks at what the lab uses

# What of the host is seen, read-only. Symbolic links (/bin → usr/bin) are followed by bubblewrap.
_SEEN = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/sys")
_PRIVATE = ("run", "var", "home", "root", "opt", "srv", "usr/local", "dev/shm")

# Runs as the lab's root: makes the private folders, runs the command, and says what still runs when that has ended.
# /etc is an overlay (in a user namespace since Linux 5.11), whose folders belong to the lab's root, so that it can write to them.
_SETUP = f"""
set -e
archive=$1 report=$2 binds=$3
shift 3
umask 022
echo 1000 >/proc/self/oom_score_adj
mount -t tmpfs -o size={FILES_LIMIT},mode=0755 lab /tmp
cd /tmp
mkdir -p etc work {" ".join(_PRIVATE)} .{HOME} run/lock run/netns run/systemd var/cache var/lib/cni var/lib/rkt var/log/journal
mkdir -m 1777 tmp var/tmp
chmod 1777 dev/shm
ln -s /run var/run
(cd /etc && find . -type d 2>/dev/null) | (cd etc && xargs -d '\\n' mkdir -p)
mount -t overlay -o lowerdir=/etc,upperdir=etc,workdir=work lab /etc
rm -rf /etc/rkt /etc/cni
for folder in {" ".join(_PRIVATE)}; do mount --bind "$folder" "/$folder"; done
mkdir /usr/local/bin
printf '#!/bin/sh\\nexec env -- "$@"\\n' >/usr/local/bin/sudo
chmod 0755 /usr/local/bin/sudo
mount --bind tmp /tmp
tar -x -C / <&"$archive"
for ((i = 0; i < binds; i++)); do
  mkdir -p "$(dirname "$1")"
  if [ -d /.bind/$i ]; then mkdir -p "$1"; else touch "$1"; fi
  mount --bind /.bind/$i "$1"
  shift
done
ip link set lo up
cd ~
unset OLDPWD SHLVL
echo made >&"$report"
exec {{archive}}<&- {{errors}}>&2 2>/dev/null
set +e
(exec {{report}}>&- 2>&"$errors" {{errors}}>&-; exec "$@")
status=$?
for try in 1 2 3 4 5; do
  left=
  for folder in /proc/[0-9]*; do
    case $folder in /proc/1 | /proc/$$) continue ;; esac
    left=$(tr '\\0' ' ' <$folder/cmdline) && [ "$left" ] && break
  done 2>/dev/null
  [ "$left" ] || exit $status
  sleep 0.05
done
echo "$left" >&"$report"
exit $status
"""


@dataclass(frozen=True)
class Result:
    """What came of a command; `output` holds standard output and standard error as they came."""

    status: int
    output: str
    stopped: str


@cache
def unavailable() -> str:
    """An empty string when a lab can be had, else one sentence: what is missing, and how to get it."""
    for program, package in (("bwrap", "bubblewrap"), ("ip", "iproute2")):
        if not shutil.which(program, path=ENVIRONMENT["PATH"]):
            return f"the lab needs {program}, which is not installed; `make test` installs it, or as root: apt-get install {package}"
    result = run(["true"])
    return _why(result) if result.stopped else ""


def _why(result: Result) -> str:
    """Which namespace cannot be had."""
    for kind, setting in (("user", "user"), ("network", "net"), ("mount", "mnt"), ("PID", "pid"), ("IPC", "ipc"), ("UTS", "uts")):
        name = f"user.max_{setting}_namespaces"
        if _setting(name) == "0":
            return f"the lab needs a {kind} namespace, and this machine allows none; as root: sysctl -w {name}=1000"
    for name, wanted in (("kernel.unprivileged_userns_clone", "1"), ("kernel.apparmor_restrict_unprivileged_userns", "0")):
        if _setting(name) not in ("", wanted):
            return f"the lab needs a user namespace, and this machine forbids it to ordinary users; as root: sysctl -w {name}={wanted}"
    return f"{result.stopped} (it needs user, network, mount, PID, IPC and UTS namespaces; a container must be allowed to make them)"


def _setting(name: str) -> str:
    """The value of a kernel setting; empty where the kernel has none of this name."""
    path = Path("/proc/sys", *name.split("."))
    return path.read_text().strip() if path.exists() else ""


def run(
    command: list[str],
    *,
    files: Mapping[str, bytes | str] = {},
    bind: Mapping[str, Path] = {},
    seconds: float = 20,
    interactive: bool = False,
) -> Result:
    """Run a command in a lab of its own, as the lab's root, in `HOME`.

    `files` (absolute paths in the lab, with their contents) are written before, with mode 0644, or 0755 where they start
    with `#!`. `bind` shows folders or files of the host at a path, read-only. `interactive` gives it the terminal, and no
    limit of time. The status is 128+n where signal n ended the command, 137 where the lab did.
    """
    with _memory() as archive, _memory() as report, _memory() as info:
        _write_archive(archive, files)
        numbers = [str(stream.fileno()) for stream in (archive, report)]
        started = subprocess.Popen(
            [*_outer(bind, interactive, info.fileno()), "bash", "-c", _SETUP, "lab", *numbers, str(len(bind)), *bind, *command],
            env=ENVIRONMENT,
            pass_fds=[archive.fileno(), report.fileno(), info.fileno()],
            stdin=None if interactive else subprocess.DEVNULL,
            stdout=None if interactive else subprocess.PIPE,
            stderr=None if interactive else subprocess.STDOUT,
        )
        with started:
            try:
                output, stopped = _watch(started, info, float("inf") if interactive else seconds)
            finally:
                started.kill()
        _wait_for_the_end(_first_process(info))
        made, _, left = _text(report).strip().partition("\n")
    status = started.returncode if started.returncode >= 0 else 128 - started.returncode
    text = output.decode(errors="replace")[:OUTPUT_LIMIT]
    if not made and not stopped:
        stopped = f"the lab could not be made: {text.strip().partition(chr(10))[0] or f'exit status {status}'}"
    elif left and not stopped:
        stopped = f"`{left.strip()}` still ran in the background when the command had ended; the lab ended it"
    return Result(status, text, stopped)


def _memory() -> IO[bytes]:
    """A file without a name, to hand to the lab."""
    return os.fdopen(os.memfd_create("lab"), "w+b")


def _text(stream: IO[bytes]) -> str:
    """What the lab has written; a hostile one may write more than anybody wants."""
    return os.pread(stream.fileno(), 200, 0).decode(errors="replace")


def _first_process(info: IO[bytes]) -> int:
    """The number on the host of the lab's first process; 0 while there is none."""
    found = re.search(r'"child-pid": (\d+)', _text(info))
    return int(found[1]) if found else 0


def _wait_for_the_end(process: int) -> None:
    """Wait until the lab's first process is gone: Linux lets it go after all others."""
    if process:
        with contextlib.suppress(ProcessLookupError), os.fdopen(os.pidfd_open(process)) as ended:
            select.select([ended], [], [])


def _write_archive(stream: IO[bytes], files: Mapping[str, bytes | str]) -> None:
    """The files as a tar archive."""
    import tarfile

    with tarfile.open(fileobj=stream, mode="w") as archive:
        for path, content in files.items():
            content = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(path.lstrip("/"))
            entry.size, entry.mode, entry.mtime = len(content), 0o755 if content.startswith(b"#!") else 0o644, time.time()
            archive.addfile(entry, io.BytesIO(content))
    stream.flush()
    stream.seek(0)


def _outer(bind: Mapping[str, Path], interactive: bool, info: int) -> list[str]:
    """The command that shows what may be seen and makes the namespaces; the command of the lab follows it.

    Root makes the outer namespaces as root and gives that up for the inner ones: Linux holds the real user 0 to no
    number of processes, and what only root may read stays unread.
    """
    root = os.geteuid() == 0
    arguments = ["bwrap", "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--hostname", "node"]
    arguments += ["--info-fd", str(info)]
    arguments += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] if root else ["--unshare-user"]
    arguments += [] if interactive else ["--new-session"]
    for path in _SEEN:
        arguments += ["--symlink", os.readlink(path), path] if os.path.islink(path) else ["--ro-bind-try", path, path]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--dir", "/.bind"]
    for number, source in enumerate(bind.values()):
        arguments += ["--ro-bind", str(Path(source).resolve()), f"/.bind/{number}"]
    for folder in ("tmp", *_PRIVATE):
        arguments += [] if "/" in folder else ["--dir", f"/{folder}"]
    arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--"]
    user = _user()
    arguments += ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if root else []
    # RLIMIT_NPROC is counted per user namespace since Linux 5.14; to raise it again needs a right outside of the lab. One byte
    # of core keeps Linux from calling the host's handler of crashes, which none does not.
    arguments += ["prlimit", f"--nproc={PROCESS_LIMIT + 64}", "--core=1"]
    return [*arguments, "unshare", "--user", "--map-root-user", "--net", "--mount"]


def _user() -> int:
    """The user that root starts a lab as: one of its own, because Linux adds up the processes of a user over all labs.

    No account has such a high number. Where a container maps no such user, it is nobody.
    """
    number = 0x40000000 + (os.getpid() << 8) + next(_labs) % 256
    ranges = [[int(word) for word in line.split()] for line in Path("/proc/self/uid_map").read_text().splitlines()]
    return number if any(first <= number < first + count for first, _, count in ranges) else _NOBODY


def _watch(started: subprocess.Popen, info: IO[bytes], seconds: float) -> tuple[bytes, str]:
    """Read the output until the lab ends or uses more than it may: the output, and why it has to be ended."""
    output, begun, looked, before = bytearray(), time.monotonic(), 0.0, _machine("Shmem")
    with selectors.DefaultSelector() as selector:
        if started.stdout:
            selector.register(started.stdout, selectors.EVENT_READ)
        while True:
            if selector.select(_INTERVAL):
                data = os.read(started.stdout.fileno(), 65536)
                output += data
                if not data:
                    return bytes(output), ""
            elif not started.stdout and started.poll() is not None:
                return bytes(output), ""
            if len(output) > OUTPUT_LIMIT:
                return bytes(output), f"it printed more than {OUTPUT_LIMIT >> 10} KiB; the lab ended it"
            now = time.monotonic()
            if now - begun > seconds:
                return bytes(output), f"it took longer than {seconds:g} s; the lab ended it"
            if now - looked > _INTERVAL:
                looked = now
                if stopped := _too_much(_first_process(info), before):
                    return bytes(output), stopped


def _too_much(first_process: int, shared_before: int) -> str:
    """Why the lab has to be ended, going by its own /proc; empty while it keeps within its limits.

    Files in memory belong to no process, and the lab's root can make more of them than `FILES_LIMIT`. They are counted as far
    as such files of the whole machine have grown, and no further than the lab has written or mapped. What fills them in
    another way meets the last limit: the machine keeps some memory.
    """
    threads = memory = written = 0
    seen = f"/proc/{first_process}/root/proc"
    try:  # as long as bubblewrap has not changed its root, that is the host's own /proc, whose processes are not counted
        begun = os.stat(seen).st_dev != os.stat("/proc").st_dev
        processes = [name for name in os.listdir(seen) if name.isdigit()] if begun else []
    except OSError:  # it has ended
        processes = []
    for process in processes:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            status = Path(seen, process, "status").read_text()
            threads += _number("Threads", status)
            memory += _number("RssAnon", status) * 1024
            written += _number("RssShmem", status) * 1024 + _number("wchar", Path(seen, process, "io").read_text())
    memory += max(0, min(written, _machine("Shmem") - shared_before))
    if threads > PROCESS_LIMIT:
        return f"it ran more than {PROCESS_LIMIT} processes at once; the lab ended it"
    if memory > MEMORY_LIMIT:
        return f"it used more than {MEMORY_LIMIT >> 20} MiB of memory; the lab ended it"
    if _machine("MemAvailable") < MEMORY_LEFT:
        return f"this machine has less than {MEMORY_LEFT >> 20} MiB of memory left; the lab ended it"
    return ""


def _machine(name: str) -> int:
    """Bytes of memory that the whole machine has or uses: `MemAvailable`, `Shmem` (files in memory)."""
    return _number(name, Path("/proc/meminfo").read_text()) * 1024


def _number(name: str, text: str) -> int:
    """The number behind a name in a file of /proc."""
    found = re.search(rf"^{name}:\s+(\d+)", text, re.M)
    return int(found[1]) if found else 0
