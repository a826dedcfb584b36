"""Transcripts in the lab: what varies, what is rewritten, what a shell shows; cases of the checks are in tests/cases."""

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time

import pytest
from conftest import ROOT

from checks import nodes, sessions
from checks.findings import run
from checks.patterns import PATTERNS, alike, changes
from checks.tree import Tree

# Of each pattern: two values that vary by nature, and one that looks alike and is another thing.
VALUES = {
    "MAC address": ("link/ether 6a:b0:11:af:fb:99", "link/ether 02:42:ac:11:00:02", "link/ether 6a:b0:11:af:fb"),
    "UUID": ("k8s_ff933b7d-7058-49f4-8d2c-88a56661b7cc", "k8s_16682458-b50f-49cc-bf45-32edc1ad82dc", "k8s_ff933b7d"),
    "time": ("Nov 23 07:20:03 rktv", "Jan  1 00:00:00 rktv", "Nov 32 rktv"),
    "process": ("rkt[644]: ready", "rkt[9]: ready", "rkt[]: ready"),
    "interface": ("3: eth0@if4: <BROADCAST> mtu 1460", "12: eth0@if40: <BROADCAST> mtu 1460", "3: eth0: <BROADCAST> mtu 1460"),
    "link-local address": ("inet6 fe80::68b0:11ff:feaf:fb99/64", "inet6 fe80::1/64", "inet6 fd00::1/64"),
    "version of systemd": ("systemd 252 (252.39-1~deb12u2)", "systemd 219 (219)", "systemd (252)"),
    "build options of systemd": ("+PAM -AUDIT default-hierarchy=unified", "-PAM +TPM2 default-hierarchy=hybrid", "+PAM"),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_pattern_takes_what_varies_and_nothing_else(name):
    shown, real, other = VALUES[name]
    assert alike(shown, real)
    assert not alike(shown, other)


def test_pattern_leaves_addresses_and_sizes_alone():
    assert not alike("inet 10.22.0.1/16", "inet 10.22.0.2/16")
    assert not alike("-rw-r--r-- 1 root root 303 Nov 23 10:24 a", "-rw-r--r-- 1 root root 304 Nov 23 10:24 a")
    assert alike("-rw-r--r-- 1 root root 303 Nov 23 10:24 a", "-rw-r--r-- 1 root root 303 Jul  6  2016 a")


def test_changes_leave_lines_that_are_alike():
    assert changes(["rkt[1]: a", "b", "c"], ["rkt[2]: a", "B", "c", "d"]) == [(1, 2, 1, 2), (3, 3, 3, 4)]


@pytest.mark.parametrize(
    ("text", "whole", "first"),
    [
        ("$ ls\n", True, 1),
        ("$ export A=1\n", False, 0),
        ("$ export A=1\n$ ls\n", True, 2),
        ("$ sudo install -d /x\n$ sudo rkt list\n", False, 1),
        ("$ systemctl --version\n", True, 1),
        ("$ systemctl start x\n", False, 0),
        ("$ journalctl -u x\n", True, 1),
        ("$ journalctl -M rkt-x -u y\n", False, 0),
        ("$ sudo systemd-run -q true\n", False, 0),
        ("$ hack/local-up-cluster.sh\n", False, 0),
        ('$ for name in rkt ip; do command -v "$name"; done\n', True, 1),
        ("$ ls | grep x && echo $(kubectl version)\n", False, 0),
        ("no command\n", False, 0),
    ],
)
def test_what_can_be_run_is_told_by_the_programs(text, whole, first):
    assert sessions.can_run(text) is whole
    assert len(sessions.leading(text)) == first


def test_journal_is_the_recorded_one():
    entries = nodes.journal().strip().split("\n\n")
    assert len(entries) == 12
    assert all("_HOSTNAME=rktv\n" in entry for entry in entries)
    assert "__REALTIME_TIMESTAMP=1795418403000000" in entries[0]


def guide(tmp_path, **transcripts) -> Tree:
    """A small guide with the transcripts given, by the name of each."""
    (tmp_path / "snippets/shell").mkdir(parents=True, exist_ok=True)
    for name, text in transcripts.items():
        (tmp_path / f"snippets/shell/{name}.console").write_text(text, "utf-8")
    tree = Tree(tmp_path)
    tree.lab = True
    return tree


def test_what_ran_is_noted_with_versions(tmp_path):
    tree = guide(tmp_path, whole="$ ls\n", begun="$ ls\n$ rkt list\n", none="$ rkt list\n")
    assert run(tree, ["transcript_runs_as_shown"]) == []
    assert list(tree.ran) == ["snippets/shell/whole.console"]
    assert [each.split()[0] for each in tree.ran["snippets/shell/whole.console"]] == ["bash", "ls"]
    assert all(each.split()[1][0].isdigit() for each in tree.ran["snippets/shell/whole.console"])


def test_only_what_is_asked_for_is_run(tmp_path):
    tree = guide(tmp_path, a="$ ls /\n", b="$ false\n$ ls\n")
    tree.wanted = {"snippets/shell/a.console"}
    assert run(tree, ["transcript_runs_as_shown"]) == []
    assert list(tree.ran) == ["snippets/shell/a.console"]


@pytest.mark.parametrize("lost", ["checks.lab.unavailable", "checks.runs.lacking"])
def test_what_cannot_be_run_is_said(tmp_path, monkeypatch, lost):
    tree = guide(tmp_path, a="$ ip link\n")
    monkeypatch.setattr(lost, lambda *_: "ip")
    assert run(tree, ["transcript_runs_as_shown"]) == []
    assert len(tree.not_run) == 1
    assert tree.ran == {}


def test_excuses_of_the_guide_are_held_to_the_snippets(tmp_path):
    for name in ("docs", "snippets", "checks/facts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    path = tmp_path / "checks/facts/excused.json"
    excused = json.loads(path.read_text("utf-8"))
    assert run(Tree(tmp_path), ["excuse_is_needed"]) == []
    excused["snippets"]["snippets/shell/troubleshooting-journal-short.console"] = {"en": "x", "zh": "x"}
    path.write_text(json.dumps(excused, ensure_ascii=False, indent=1), "utf-8")
    [finding] = run(Tree(tmp_path), ["excuse_is_needed"])
    assert "can be run" in finding.message


def checks(*arguments, cwd, **environment) -> subprocess.CompletedProcess:
    """`python -m checks` with some arguments, in a folder."""
    variables = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run([sys.executable, "-m", "checks", *arguments], cwd=cwd, env=variables, capture_output=True, text=True)


def test_no_lab_runs_nothing(tmp_path):
    guide(tmp_path, a="$ seq 2\n1\n3\n")
    whole = checks("--only", "transcript_runs_as_shown", cwd=tmp_path)
    assert (whole.returncode, whole.stdout.splitlines()[0][:32]) == (1, "snippets/shell/a.console:3:1: sh")
    without = checks("--only", "transcript_runs_as_shown", "--no-lab", cwd=tmp_path)
    assert (without.returncode, without.stdout) == (0, "")


OLD = """$ seq 3
1
two
3
$ ls -l /etc/machine-id | cut -d' ' -f 1
-r--r--r-x
$ journalctl --no-pager -n 1 -u "k8s_ff933b7d*"
Jan  1 00:00:00 rktv rkt[1]: [ 2607.668787] busybox[1]: 10.22.0.0/16 dev eth0 scope link  src 10.22.0.3
$ ls /
$ cat /nonexistent
nothing
$ sudo rkt list
UUID
"""
NEW = OLD.replace("two", "2").replace("-r--r--r-x", "-rw-r--r--")


def test_update_rewrites_what_differs_and_keeps_the_rest(tmp_path):
    """Lines that agree but for what varies stay, and so do errors, commands without output, and what is not run."""
    guide(tmp_path, a=OLD, b="$ seq 1\n1\n")
    path = tmp_path / "snippets/shell/a.console"
    path.chmod(0o640)
    first = checks("--update", cwd=tmp_path)
    assert path.read_text("utf-8") == NEW
    assert [line for line in first.stdout.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        "-two", "+2", "--r--r--r-x", "+-rw-r--r--",
    ]  # fmt: skip
    assert "a.console:10:3: ends with status 1" in first.stdout
    assert first.returncode == 1
    assert first.stderr.startswith("1 transcript rewritten")
    assert path.stat().st_mode & 0o777 == 0o640
    second = checks("--update", cwd=tmp_path)
    assert path.read_text("utf-8") == NEW
    assert second.stderr.startswith("0 transcripts rewritten")
    assert sorted(each.name for each in path.parent.iterdir()) == ["a.console", "b.console"]


def test_update_of_one_file_leaves_the_others(tmp_path):
    guide(tmp_path, a="$ seq 1\n2\n", b="$ seq 1\n2\n")
    done = checks("--update", "snippets/shell/b.console", cwd=tmp_path)
    assert (tmp_path / "snippets/shell/a.console").read_text("utf-8") == "$ seq 1\n2\n"
    assert (tmp_path / "snippets/shell/b.console").read_text("utf-8") == "$ seq 1\n1\n"
    assert done.returncode == 0


def test_update_writes_no_line_that_looks_like_a_command(tmp_path):
    guide(tmp_path, a="$ echo '$ ls'\nls\n")
    assert checks("--update", cwd=tmp_path).returncode == 1
    assert (tmp_path / "snippets/shell/a.console").read_text("utf-8") == "$ echo '$ ls'\nls\n"


def test_update_refuses_with_CI_set(tmp_path):
    guide(tmp_path, a="$ seq 1\n2\n")
    done = checks("--update", cwd=tmp_path, CI="true")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--update" in done.stderr
    assert (tmp_path / "snippets/shell/a.console").read_text("utf-8") == "$ seq 1\n2\n"


def terminal(typed: str, *arguments) -> tuple[int, str]:
    """What a terminal shows of `python -m checks` when something is typed at the lab's prompt, and the exit status."""
    process, master = pty.fork()
    if not process:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "checks", *arguments])
    shown, waiting, until = b"", typed.encode(), time.monotonic() + 20
    while time.monotonic() < until:
        try:
            data = os.read(master, 65536) if select.select([master], [], [], 0.1)[0] else None
        except OSError:  # Linux says so when the other side has closed the terminal
            break
        if data is not None:
            shown += data
        if waiting and b"lab:~# " in shown:
            os.write(master, waiting)
            waiting = b""
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(master)
    return status, shown.decode().replace("\r\n", "\n")


def test_shell_stands_where_the_transcript_ends():
    status, shown = terminal("echo uuid=$POD_UUID\nexit 3\n", "--shell", "snippets/shell/networking-see-gateway.console")
    assert status == 3
    assert "$ sudo iptables -t nat -S POSTROUTING\n-P POSTROUTING ACCEPT\n" in shown
    assert "\nuuid=ff933b7d-7058-49f4-8d2c-88a56661b7cc\n" in shown


def test_shell_of_a_network_has_it_in_place():
    status, shown = terminal("ls /etc/rkt/net.d /run/flannel\nexit\n", "--shell", "snippets/cni/10-k8s-flannel.conf")
    assert status == 0
    assert "inet 10.1.17.1/24" in shown
    assert "\n/etc/rkt/net.d:\n10-k8s-flannel.conf\n" in shown
    assert "subnet.env" in shown


@pytest.mark.parametrize("name", ["pods/nginx.yaml", "shell/running-gce-launch.console", "shell/nosuch.console"])
def test_shell_says_what_it_cannot_show(name):
    done = checks("--shell", f"snippets/{name}", cwd=ROOT)
    assert done.returncode == 2
    assert name in done.stderr
