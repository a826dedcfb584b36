"""The lab holds what strangers send: nothing gets out of it, every limit is named, and nothing is left.

Each command runs as the user of the tests; where that is root, once more as an ordinary user.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from checks import lab, programs

ROOT = Path(__file__).parents[1]
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
# Says what `run` returned, for a test that runs it in a process of its own.
DRIVER = """
import json, sys
from checks import lab
arguments = json.loads(sys.argv[1])
print(json.dumps(vars(lab.run(arguments.pop("command"), **arguments))))
"""
BRIDGE = """
ip netns add pod
export CNI_CONTAINERID=pod CNI_NETNS=/run/netns/pod CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin
CNI_COMMAND=ADD /opt/cni/bin/bridge <net.conf >/dev/null || exit
ip netns exec pod ping -c 1 -W 2 10.22.0.1 >/dev/null || exit
iptables -t nat -S | grep -c MASQUERADE
CNI_COMMAND=DEL /opt/cni/bin/bridge <net.conf || exit
iptables -t nat -S | grep -c MASQUERADE
"""


@pytest.fixture(autouse=True)
def _needs_a_lab():
    if why := lab.unavailable():
        assert not os.environ.get("CI"), why
        pytest.skip(why)


def as_user(user):
    """The words before a command that this user runs; the test is left out where an ordinary user cannot be tried."""
    if user == "this user":
        return []
    if os.geteuid():
        pytest.skip("the tests already run as an ordinary user")
    if subprocess.run([*NOBODY, sys.executable, "-B", "-c", "import checks.lab"], cwd=ROOT, capture_output=True, check=False).returncode:
        pytest.skip("an ordinary user cannot read this checkout")
    return NOBODY


def run_as_nobody(command, **options):
    """The same as `lab.run`, called by an ordinary user."""
    options["command"] = command
    ask = [*NOBODY, sys.executable, "-B", "-c", DRIVER, json.dumps(options, default=str)]
    said = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    return lab.Result(**json.loads(said.stdout or pytest.fail(said.stderr)))


@pytest.fixture(params=["this user", "ordinary user"])
def run(request):
    return run_as_nobody if as_user(request.param) else lab.run


@pytest.fixture
def shell(run):
    """Runs a line of bash in the lab."""
    return lambda line, **options: run(["bash", "-c", line], **options)


def world():
    """What the lab might leave: namespaces, mounts, processes of its own, links, firewall rules, files."""

    def said(*command):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    namespaces = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if "State:\tZ" not in (process / "status").read_text():
                namespaces |= {os.readlink(link) for link in (process / "ns").iterdir()}
    lines = [line for line in said("ps", "-e", "-o", "stat=,pid=,args=").splitlines() if "bwrap" in line and not line.startswith("Z")]
    return {
        "namespaces": namespaces,
        "processes": set(lines),
        "mounts": set(Path("/proc/self/mountinfo").read_text().splitlines()),
        "links": set(re.findall(r"^\d+: \S+", said("ip", "link"), re.M)),
        "rules": set(said("iptables-save").splitlines()) - set(re.findall(r"^#.*$", said("iptables-save"), re.M)),
        "files": {str(path) for folder in ("/", "/run", "/run/netns", "/var/lib", "/etc", Path.home()) for path in _children(folder)},
    }


def _children(folder):
    return Path(folder).iterdir() if os.path.isdir(folder) else ()


def left_behind(before):
    """What was not there before, and stays: what others do on this machine meanwhile comes and goes."""
    left = world()
    for _ in range(100):
        now = world()
        left = {what: things & now[what] - before[what] for what, things in left.items()}
        if not any(left.values()):
            break
        time.sleep(0.1)
    return {what: things for what, things in left.items() if things}


def test_inside_is_what_the_contract_says(shell):
    result = shell(
        "id -un; pwd; hostname; cat /opt/a/b; stat -c %a /opt/a/b run.sh; sudo A=b env | sort; ls /opt/seen; ip -br link; umask",
        files={"/opt/a/b": "text\n", f"{lab.HOME}/run.sh": "#!/bin/sh\n"},
        bind={"/opt/seen": ROOT / "snippets/cni"},
    )
    assert (result.status, result.stopped) == (0, "")
    variables = sorted([*(f"{name}={value}" for name, value in lab.ENVIRONMENT.items()), "A=b", f"PWD={lab.HOME}"])
    said = [line for line in result.output.splitlines() if not line.startswith(("_=", "SHLVL="))]
    assert said[:6] == ["root", lab.HOME, "node", "text", "644", "755"]
    assert said[6 : 6 + len(variables)] == variables
    assert said[6 + len(variables) :] == [
        *sorted(path.name for path in (ROOT / "snippets/cni").iterdir()),
        "lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP> ",
        "0022",
    ]


def test_folders_that_programs_write_to_are_private(shell):
    folders = "/run /tmp /var/lib/cni /var/log/journal /var/lib/rkt /etc /etc/systemd/system /home /root /opt /usr/local/bin /dev/shm"
    result = shell(f"for folder in {folders}; do touch $folder/lab-was-here || exit; done; ls /etc/rkt /etc/cni")
    assert result.output.count("No such file or directory") == 2
    assert not [folder for folder in folders.split() if os.path.lexists(f"{folder}/lab-was-here")]


@pytest.mark.parametrize("version", programs.cni_plugins())
def test_bridge_attaches_and_detaches(shell, version):
    conf = (ROOT / "snippets/cni/10-k8s-bridge.conf").read_text()
    result = shell(BRIDGE, files={f"{lab.HOME}/net.conf": conf}, bind={"/opt/cni/bin": programs.cni_plugins()[version]})
    assert (result.output.split(), result.stopped) == (["1", "0"], "")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (":(){ :|:& };:; sleep 9", "it ran more than 256 processes at once; the lab ended it"),
        ("unshare -Ur bash -c ':(){ :|:& };:; sleep 9'", "it ran more than 256 processes at once; the lab ended it"),
        ("while :; do :; done", "it took longer than 2 s; the lab ended it"),
        ("trap '' TERM INT HUP; exec <&- >&- 2>&-; while :; do :; done", "it took longer than 2 s; the lab ended it"),
        ("yes", "it printed more than 1024 KiB; the lab ended it"),
        ("tail /dev/zero", "it used more than 512 MiB of memory; the lab ended it"),
        (
            "mkdir /tmp/m; mount -t tmpfs -o size=9G x /tmp/m; cat /dev/zero >/tmp/m/x",
            "it used more than 512 MiB of memory; the lab ended it",
        ),
        ("setsid sleep 1234 & exit 3", "`sleep 1234` still ran in the background when the command had ended; the lab ended it"),
    ],
    ids=["fork bomb", "fork bomb further in", "loop", "deaf loop", "output", "memory", "files in memory", "background"],
)
def test_limit_is_named_and_nothing_is_left(shell, line, why):
    before = world()
    result = shell(line, seconds=2 if "while" in line else 10)
    assert result.stopped == why
    assert result.status == (3 if "exit 3" in line else 137)
    assert len(result.output) <= lab.OUTPUT_LIMIT
    assert left_behind(before) == {}


def test_machine_keeps_some_memory(monkeypatch):
    monkeypatch.setattr(lab, "MEMORY_LEFT", 1 << 60)
    assert re.fullmatch(r"this machine has less than \d+ MiB of memory left; the lab ended it", lab.run(["sleep", "1"]).stopped)


def test_lab_is_not_blamed_for_another():
    hog = "mkdir /tmp/m; mount -t tmpfs -o size=9G x /tmp/m; cat /dev/zero >/tmp/m/x"
    with ThreadPoolExecutor(2) as pool:
        blamed, innocent = pool.map(lambda line: lab.run(["bash", "-c", line]), [hog, "sleep 1; echo fine | cat"])
    assert blamed.stopped == "it used more than 512 MiB of memory; the lab ended it"
    assert innocent == lab.Result(0, "fine\n", "")


def test_files_are_limited(shell):
    result = shell("cat /dev/zero >/tmp/full")
    assert (result.status, result.output) == (1, "cat: write error: No space left on device\n")


@pytest.mark.parametrize("place", [str(ROOT), str(ROOT / "snippets"), str(Path.home()), "/", "/usr", "/usr/bin", "/sys", "/opt/seen"])
def test_writes_do_not_reach_the_host(shell, place):
    top = "/" if place == "/" else "/" + Path(place).parts[1]
    write = f"touch {place}/lab-was-here"
    further_in = f"unshare -Urm bash -c 'mount -o remount,bind,rw {top}; {write}'"
    lines = [write, further_in, f"mount -o remount,bind,rw {place}; {write}", f"mount -o remount,bind,rw {top}; {write}"]
    shell("\n".join([*lines, f"umount -l {place}; {write}", f"umount -l {top}; {write}"]), bind={"/opt/seen": ROOT / "tests/cases"})
    seen = ROOT / "tests/cases" if place == "/opt/seen" else Path(place)
    assert not (seen / "lab-was-here").exists()


def test_host_is_not_seen(shell, monkeypatch):
    monkeypatch.setenv("LAB_TOKEN", "secret-of-the-host")
    result = shell(
        "env; cat /proc/*/environ | tr '\\0' '\\n'; ps -e -o pid,args; cat /etc/shadow;"
        f" ls {ROOT} {ROOT}/.git; ls -A /root /home /run/user /var/run/docker.sock"
    )
    assert "secret-of-the-host" not in result.output
    assert "pytest" not in result.output and str(os.getpid()) not in re.findall(r"^ *(\d+) ", result.output, re.M)
    assert re.search(r"/etc/shadow: (Permission denied|No such file or directory)", result.output)
    assert f"cannot access '{ROOT}'" in result.output
    assert result.output.endswith("/home:\nreader\n\n/root:\n")


def test_host_processes_are_out_of_reach(shell):
    with subprocess.Popen(["sleep", "60"]) as bystander:
        result = shell(f"kill -9 {bystander.pid} -1; echo reached >/proc/sys/kernel/hostname; dmesg")
        assert bystander.poll() is None
        bystander.kill()
    assert result.stopped == ""
    assert os.uname().nodename != "reached"


def test_outside_is_not_reached(run):
    import socket

    with socket.create_server(("0.0.0.0", 0)) as server, socket.socket(socket.AF_UNIX) as hidden:
        server.settimeout(0.2)
        hidden.bind("\0lab-test")
        hidden.listen()
        hidden.settimeout(0.2)
        port = server.getsockname()[1]
        addresses = ["127.0.0.1", *subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=False).stdout.split()]
        lines = [f"exec 3<>/dev/tcp/{address}/{port}" for address in addresses if ":" not in address]
        result = run(["bash", "-c", "\n".join(f"({line}) && echo reached" for line in [*lines, "exec 3<>/dev/tcp/192.0.2.1/80"])])
        assert "reached" not in result.output
        assert len(re.findall(r"/dev/tcp/\S+ (?:Connection refused|Network is unreachable)", result.output)) == len(lines) + 1
        for listening in (server, hidden):
            with pytest.raises(TimeoutError):
                listening.accept()


@pytest.mark.parametrize("user", ["this user", "ordinary user"])
def test_killed_half_way_leaves_nothing(user):
    words = as_user(user)
    before = world()
    call = json.dumps({"command": ["bash", "-c", "setsid sleep 4321 & ip netns add pod; ip link add br0 type bridge; sleep 4321"]})
    ask = [*words, sys.executable, "-B", "-c", DRIVER, call]
    with subprocess.Popen(ask, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as half_way:
        _until_there_are(2)
        half_way.kill()
    assert half_way.returncode == -signal.SIGKILL
    _until_there_are(0)
    assert left_behind(before) == {}


def _until_there_are(number):
    """Wait until so many processes of the lab that is killed half-way run."""
    for _ in range(100):
        said = subprocess.run(["ps", "-e", "-o", "stat=,args="], capture_output=True, text=True, check=False).stdout
        running = re.findall(r"^[^Z]\S* +sleep 4321$", said, re.M)
        if len(running) == number:
            return
        time.sleep(0.05)
    pytest.fail(f"{len(running)} processes run, not {number}")


def test_terminal_is_given_to_a_shell():
    import pty

    result = []

    def child():
        shown = lab.run(["bash", "--norc", "-i"], interactive=True)
        os._exit(shown.status if not shown.stopped else 99)

    process, terminal = pty.fork()
    if not process:
        child()
    os.write(terminal, b"tty; [ -t 0 ] && echo is-a-$((6 * 7)); exit 5\n")
    while True:
        try:
            result.append(os.read(terminal, 4096))
        except OSError:  # the terminal is closed
            break
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 5
    assert b"is-a-42" in b"".join(result)


def test_labs_run_side_by_side():
    line = "ip link add only-one type bridge && ip -br link | wc -l; echo mine >/tmp/x; sleep 0.3; ls /tmp"
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: lab.run(["bash", "-c", line]), range(8)))
    assert results == [lab.Result(0, "2\nx\n", "")] * 8


def test_lab_that_cannot_be_made_says_why():
    result = lab.run(["true"], files={"/usr/mine": ""})
    assert result.stopped == "the lab could not be made: tar: usr/mine: Cannot open: Read-only file system"


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        (
            "user.max_net_namespaces",
            "0",
            "needs a network namespace, and this machine allows none; as root: sysctl -w user.max_net_namespaces=",
        ),
        ("kernel.unprivileged_userns_clone", "0", "as root: sysctl -w kernel.unprivileged_userns_clone=1"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "as root: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
        ("", "", "the lab could not be made: bwrap: "),
    ],
)
def test_what_makes_a_lab_unavailable_is_named(monkeypatch, setting, value, words):
    monkeypatch.setattr(lab, "_setting", lambda name: value if name == setting else "")
    monkeypatch.setattr(lab, "_SEEN", ())  # so that bubblewrap finds nothing to run
    assert words in lab.unavailable.__wrapped__()


def test_missing_program_makes_a_lab_unavailable(monkeypatch):
    monkeypatch.setitem(lab.ENVIRONMENT, "PATH", "/nonexistent")
    assert lab.unavailable.__wrapped__() == (
        "the lab needs bwrap, which is not installed; `make test` installs it, or as root: apt-get install bubblewrap"
    )


@pytest.mark.parametrize("user", ["this user", "ordinary user"])
def test_whole_lab_run_of_the_guide_passes_and_leaves_nothing(user):
    """`python -m checks`, with everything that the guide has to run, as root and as an ordinary user."""
    words = as_user(user)
    before = world()
    command = [*words, sys.executable, "-B", "-m", "checks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    assert "not run" not in done.stderr
    assert left_behind(before) == {}
