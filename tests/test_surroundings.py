"""Folders, names, streams and signals that are not as one would wish: the real command says so in a line, and leaves nothing half done."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import textwrap
import threading

import pytest
from conftest import ROOT
from hostile import GOOD
from test_hostile import ORDINARY, built, call, call_site, judge

BAD = '{"name": "网桥",\n}\n'
needs_ordinary_user = pytest.mark.skipif(not ORDINARY and os.access("/root", os.R_OK), reason="reads what nobody may read")


@pytest.fixture
def conf(tmp_path):
    path = tmp_path / "10-a.conf"
    path.write_text(BAD, "utf-8")
    return path


def guide(folder):
    """A guide with one configuration, which lacks everything else."""
    (folder / "snippets" / "cni").mkdir(parents=True)
    (folder / "snippets" / "cni" / "10-a.conf").write_text(GOOD, "utf-8")
    return folder


# ---- what is no plain file ----


@pytest.mark.parametrize("target", ["loop", "/dev/zero", "/etc/hostname", "../../..", "nowhere"])
def test_link_in_a_guide_is_a_finding(target, tmp_path):
    (guide(tmp_path) / "snippets" / "cni" / "loop").symlink_to(target)
    outcome = call("--no-lab", "--only", "file_is_readable_text", cwd=tmp_path)
    judge(f"a link to {target}, in a guide", outcome, (1,))
    assert outcome.output.startswith("snippets/cni/loop:1:1: is a symbolic link")


@pytest.mark.parametrize("what", ["pipe", "socket", "loop", "zero", "folder"])
def test_what_is_no_file_is_a_finding(what, tmp_path):
    path = tmp_path / "node" / "10-a.conf"
    path.parent.mkdir()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        os.chdir(path.parent)  # the name of a socket has to be short
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)
        os.chdir(ROOT)
    else:
        path.symlink_to({"loop": path, "zero": "/dev/zero", "folder": tmp_path}[what])
    outcome = call("--no-lab", "node", cwd=tmp_path)
    judge(f"a {what} in a folder", outcome, (1,))
    assert "[file_is_readable_text]" in outcome.output
    if what != "folder":
        judge(f"a {what}, named", call("--no-lab", path, cwd=tmp_path), (1,))


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/stdin", "/proc/self/mem", "/proc/kmsg"])
def test_device_is_a_finding(path, tmp_path):
    judge(f"{path}, as an argument", call("--kind", "cni", path, cwd=tmp_path), (1, 2))


@needs_ordinary_user
@pytest.mark.parametrize("what", ["file", "folder", "file of a guide", "folder of a guide"])
def test_what_may_not_be_read_is_a_finding(what, tmp_path):
    locked = guide(tmp_path) / "snippets" / "cni"
    locked = locked / "10-a.conf" if "file" in what else locked
    locked.chmod(0)
    arguments = ["--only", "file_is_readable_text"] if "guide" in what else ["--kind", "cni", locked]
    outcome = call("--no-lab", *arguments, cwd=tmp_path, wrapped=ORDINARY)
    locked.chmod(0o755)
    judge(f"a {what} that may not be read", outcome, (1,))
    assert "cannot be read: Permission denied [file_is_readable_text]" in outcome.output


@pytest.mark.parametrize(
    "name", ["a b.conf", "a\nb.conf", "a'\"b.conf", "-a.conf", "网桥.conf", "a\udcff.conf", "\x1b[31m.conf", "a:1:1: b.conf"]
)
def test_odd_name_is_printed_on_one_line(name, tmp_path):
    (tmp_path / name).write_text(BAD, "utf-8")
    for form in ("text", "json", "github", "sarif", "junit"):
        outcome = call("--no-lab", "--format", form, "--only", "cni_is_json", "--", name, cwd=tmp_path)
        assert outcome.status == 1 and (form != "text" or "\x1b" not in outcome.output), outcome
    judge(f"the name {name!r}", call("--no-lab", "--", name, cwd=tmp_path), (1,))


def test_name_that_cannot_be_shown_is_a_finding_in_a_guide(tmp_path):
    (guide(tmp_path) / "snippets" / "cni" / "a\udcff\n.conf").write_text(GOOD)
    outcome = call("--no-lab", "--only", "file_is_readable_text", cwd=tmp_path)
    judge("a name that is no UTF-8, in a guide", outcome, (1,))
    assert "rename it" in outcome.output


def test_folders_without_end_are_walked(tmp_path):
    """Deeper than Python recurses, and so deep that no path reaches the end."""
    make = (
        "for n in $(seq 50); do mkdir -p $(printf 'd/%.0s' $(seq 50)) && cd -P $(printf 'd/%.0s' $(seq 50)) || exit; done; echo '{' >a.conf"
    )
    subprocess.run(["bash", "-c", make], cwd=tmp_path, check=True)
    try:
        outcome = call("--no-lab", "d", cwd=tmp_path)
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)
    judge("folders 2,500 deep", outcome, (1,))
    assert "cannot be read: File name too long" in outcome.output


@pytest.mark.parametrize("what", ["pipe", "socket", "loop", "link to a folder", "nowhere"])
@pytest.mark.parametrize("name", ["zh/index.html", "a.css"])
def test_what_is_no_file_in_a_built_site_is_a_finding(what, name, tmp_path, monkeypatch):
    path = built(tmp_path) / "site" / name
    path.unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        monkeypatch.chdir(path.parent)  # the name of a socket has to be short
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(path.name)
    else:
        path.symlink_to({"loop": path, "link to a folder": tmp_path, "nowhere": "nowhere"}[what])
    outcome = call_site(tmp_path / "guide")
    judge(f"a {what} named {name} in a site", outcome, (1,))
    for check in ("built_link_resolves", "built_page_is_complete"):
        assert re.search(rf"^site/{name}:1:1: (is not a plain file|cannot be read: ).*\[{check}\]$", outcome.output, re.M), outcome.output


@needs_ordinary_user
@pytest.mark.parametrize("name", ["zh/index.html", "zh", "index.html"])
def test_what_may_not_be_read_of_a_built_site_is_a_finding(name, tmp_path):
    locked = built(tmp_path) / "site" / name
    locked.chmod(0)
    outcome = call_site(tmp_path / "guide", wrapped=ORDINARY)
    locked.chmod(0o755)
    judge(f"{name} of a site that may not be read", outcome, (1,))
    assert f"site/{name}:1:1: cannot be read: Permission denied [built_page_is_complete]" in outcome.output


def test_empty_folder_is_not_passed(tmp_path):
    judge("an empty folder", call(tmp_path, cwd=tmp_path), (2,))


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "cni/../../../etc/passwd", "cni/link.conf", "../docs/en/a.md", "."])
def test_include_that_leaves_the_guide_is_a_finding(name, tmp_path):
    folder = guide(tmp_path)
    (folder / "snippets" / "cni" / "link.conf").symlink_to("/etc/passwd")
    (folder / "docs" / "en").mkdir(parents=True)
    (folder / "docs" / "en" / "a.md").write_text(f'---\ndescription: a\n---\n# A\n\n``` json\n--8<-- "{name}"\n```\n')
    outcome = call("--no-lab", "--only", "include_resolves", cwd=folder)
    judge(f"an include of {name}", outcome, (1,))
    assert f"snippets/{name} does not exist" in outcome.output and "root:" not in outcome.output


def test_files_that_change_while_they_are_read(tmp_path):
    """Somebody writes, cuts, replaces and deletes what is read, and the folder it is in."""
    stop = threading.Event()

    def disturb():
        path, number = tmp_path / "node" / "10-a.conf", 0
        while not stop.is_set():
            number += 1
            try:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes([GOOD.encode() * 9000, b"\xff", b"", BAD.encode()][number % 4])
                path.unlink()
                os.mkfifo(path)
                path.unlink()
                path.symlink_to("/dev/zero" if number % 2 else path)
                path.unlink()
                path.parent.rmdir()
            except OSError:
                pass

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for number in range(8):
            outcome = call("--no-lab", *(["node"] if number % 2 else ["node/10-a.conf"]), cwd=tmp_path)
            judge("a file that changes", outcome, (0, 1, 2))
    finally:
        stop.set()
        thread.join()


# ---- streams and surroundings ----


@pytest.mark.parametrize("arguments", [["10-a.conf"], ["--list"], ["10-a.conf", "--format", "json"]])
@pytest.mark.parametrize("redirection", [">/dev/full", ">&-", ">&- 2>&-", ">&- <&- 2>/dev/full"])
def test_report_that_nobody_gets_is_status_2(arguments, redirection, conf):
    outcome = call("--no-lab", *arguments, cwd=conf.parent, wrapped=["sh", "-c", f'exec "$@" {redirection}', "sh"])
    assert outcome.status == 2, outcome
    assert re.fullmatch("checks: standard output [^\\n]+\\n", outcome.error) or "2>" in redirection, outcome.error


@pytest.mark.parametrize("redirection", ["2>&-", "<&-", "<&- 2>&-", "2>/dev/full"])
def test_report_is_whole_without_the_other_streams(redirection, conf):
    outcome = call("--no-lab", conf.name, cwd=conf.parent, wrapped=["sh", "-c", f'exec "$@" {redirection}', "sh"])
    assert outcome.status == (2 if "full" in redirection else 1), outcome
    assert outcome.output.startswith("10-a.conf:1:14: comma with nothing behind it")


def test_reader_that_goes_away_hears_nothing_more(conf):
    for arguments in ("--list", "10-a.conf --format json"):
        command = f"{sys.executable} -m checks {arguments} | true; exit ${{PIPESTATUS[0]}}"
        variables = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""}
        done = subprocess.run(["bash", "-c", command], cwd=conf.parent, env=variables, capture_output=True, text=True)
        assert "Traceback" not in done.stderr and "Exception" not in done.stderr, done.stderr


@pytest.mark.parametrize(
    "variables",
    [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"LC_ALL": "zh_CN.GB18030"}, {"PYTHONIOENCODING": "utf-16"}],
)  # fmt: skip
def test_terminal_that_knows_no_chinese(variables, conf):
    outcome = call("--no-lab", conf.name, cwd=conf.parent, env=variables)
    print(variables, outcome.status)
    assert outcome.status == 1 and "Traceback" not in outcome.error, outcome
    report = call("--no-lab", conf.name, "--format", "json", cwd=conf.parent, env=variables).output
    assert report.startswith("{") and report.rstrip().endswith("}")


def test_home_and_folder_that_are_gone(conf, tmp_path):
    judge("a HOME that is not there", call("--no-lab", conf, cwd=tmp_path, env={"HOME": "/nowhere", "TMPDIR": "/nowhere"}), (1,))
    outcome = call("--no-lab", conf, cwd=tmp_path, wrapped=["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"])
    judge("a current folder that was deleted", outcome, (2,))
    assert outcome.error == "checks: the folder that this runs in is gone; go to another one\n"


@pytest.mark.parametrize("number", [4, 5, 6, 8, 12])
def test_few_open_files(number, conf):
    outcome = call("--no-lab", conf, cwd=conf.parent, wrapped=["sh", "-c", f'ulimit -n {number}; exec "$@"', "sh"])
    print(number, outcome.status, outcome.error[:100])
    assert "internal error" not in outcome.error and outcome.status != 0


# ---- what is written ----

WRITE = textwrap.dedent("""
    import os, signal, sys
    from checks.process import guard
    guard()
    from pathlib import Path
    from checks.tree import write
    steps = 0
    def trace(frame, event, _):
        global steps
        if frame.f_code.co_name == "write" and frame.f_code.co_filename.endswith("tree.py"):
            steps += event == "line"
            if steps == int(sys.argv[2]):
                os.kill(os.getpid(), getattr(signal, sys.argv[3]))
            return trace
    sys.settrace(trace)
    write(Path(sys.argv[1]), "new\\n" * 100_000)
""")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_record_is_whole_whenever_a_signal_comes(name, tmp_path):
    record = tmp_path / "verification.json"
    statuses = set()
    for step in range(1, 30):
        record.write_text("old\n")
        done = subprocess.run([sys.executable, "-c", WRITE, record, str(step), name], cwd=ROOT, capture_output=True, text=True)
        statuses.add(done.returncode)
        assert done.stderr in ("", "checks: interrupted; nothing was proved\n"), done.stderr
        assert record.read_text() in ("old\n", "new\n" * 100_000)
        assert os.listdir(tmp_path) == ["verification.json"], f"a file is left at step {step}"
    assert statuses == {0, 2}


def test_record_on_a_full_disk_stays_as_it_was(tmp_path):
    record = tmp_path / "verification.json"
    record.write_text("old\n")
    script = "import sys; from pathlib import Path; from checks.tree import write; write(Path(sys.argv[1]), 'new' * 100_000)"
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # noqa: E731
    done = subprocess.run([sys.executable, "-c", script, record], cwd=ROOT, preexec_fn=limit, capture_output=True, text=True)
    assert "File too large" in done.stderr
    assert record.read_text() == "old\n" and os.listdir(tmp_path) == ["verification.json"]


@pytest.mark.parametrize("target", ["nowhere/verification.json", "folder", "/dev/null", "/proc/verification.json", "/dev/full"])
def test_record_that_cannot_be_written_is_status_2(target, tmp_path):
    (tmp_path / "folder").mkdir()
    outcome = call("--no-lab", "--record", tmp_path / target, cwd=ROOT)
    judge(f"--record {target}", outcome, (2,))
    assert os.path.exists("/dev/null") and not os.path.isfile("/dev/null")


def test_record_on_a_full_file_system(tmp_path):
    """In a namespace of its own, on a disk that has room for the old record only."""
    script = (
        'mount -t tmpfs -o size=40k small "$0" && head -c 20000 /dev/zero | tr "\\0" x >"$0/verification.json" && '
        '{ "$@" --no-lab --record "$0/verification.json"; echo status $?; ls -A "$0"; head -c 3 "$0/verification.json"; wc -c <"$0/verification.json"; }'
    )
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, tmp_path, sys.executable, "-m", "checks"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no namespace can be had: {done.stderr}")
    assert done.stdout == "status 2\nverification.json\nxxx20000\n", done.stdout + done.stderr
    assert "No space left on device" in done.stderr


# ---- signals ----

SIGNAL = textwrap.dedent("""
    import os, runpy, signal, sys
    number, after = getattr(signal, sys.argv[1]), int(sys.argv[2])
    calls = 0
    def trace(frame, event, _):
        global calls
        if "/checks/" in frame.f_code.co_filename and sys.modules.get("checks.process") and signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
            calls += 1
            if calls == after:
                os.kill(os.getpid(), number)
    sys.settrace(trace)
    sys.argv = ["checks", "--no-lab", *sys.argv[3:]]
    runpy.run_module("checks", run_name="__main__", alter_sys=True)
""")


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("after", [1, 3, 10, 40, 100, 300])
def test_signal_at_any_moment_is_a_line_and_status_2(name, after, conf):
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL, name, str(after), str(conf)],
        cwd=conf.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (2, "checks: interrupted; nothing was proved\n"), done


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("seconds", [0.6, 1.7])
def test_signal_while_the_lab_runs_ends_the_lab(name, seconds, tmp_path):
    """A transcript whose run takes long, ended by a signal to this process alone: nothing of it runs any more."""
    (tmp_path / "a.console").write_text("$ ping -c 60 127.0.0.1\n")
    started = subprocess.Popen(
        [sys.executable, "-m", "checks", "a.console"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        started.wait(seconds)
    except subprocess.TimeoutExpired:
        started.send_signal(getattr(signal, name))
    _, error = started.communicate(timeout=5)
    assert (started.returncode, error) == (2, "checks: interrupted; nothing was proved\n")
    for _ in range(50):
        left = subprocess.run(["pgrep", "-f", "ping -c 60 127[.]0[.]0[.]1"], capture_output=True, text=True).stdout
        if not re.search(r"\d", left):
            break
        threading.Event().wait(0.1)
    assert not left
