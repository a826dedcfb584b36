"""What was found in an unchanged guide is kept, and nothing but an unchanged guide gets it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import pytest
from conftest import ROOT
from test_command import checks

from checks import cache
from checks.findings import is_static, load
from checks.tree import Tree

GOOD = '{"name": "rkt.kubernetes.io", "type": "flannel", "delegate": {"isDefaultGateway": true}}\n'
ARGUMENTS = ("--no-lab", "--only", "cni_is_json")
SAID = "0 pages, 1 snippets, 1 checks: 0 findings\n"


@pytest.fixture
def guide(tmp_path):
    """A small guide with a folder for the cache, in which nothing has been touched for a while."""
    (tmp_path / "snippets" / "cni").mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / ".cache").mkdir()
    (tmp_path / "snippets" / "cni" / "10-a.conf").write_text(GOOD, "utf-8")
    settle()
    return tmp_path


def settle() -> None:
    """Wait until what was just written is older than a run that begins now has to find it."""
    time.sleep(2 * cache._JUST_BEFORE / 1e9)


def digest(root: Path, options: object = None) -> str:
    return cache.Fingerprint(str(root), options).digest


def kept(root: Path) -> list[Path]:
    return sorted((root / ".cache").rglob("*.*")) + sorted(each for each in (root / ".cache" / "checks").glob("*") if "." not in each.name)


def run(root: Path, *arguments, **environment):
    done = checks(*(arguments or ARGUMENTS), cwd=root, **environment)
    return done.returncode, done.stdout, done.stderr


def forge(root: Path) -> None:
    """Put another answer in place of the one that is kept, sealed as if a run had found it."""
    [path] = kept(root)
    text = json.dumps({"looked_at": "an answer that was kept", "findings": []}).encode()
    fingerprint = type("Named", (), {"digest": path.name})
    path.write_bytes(cache._sealed(fingerprint, text) + b"\n" + text)


def test_second_run_gets_the_kept_answer(guide):
    assert run(guide) == (0, "", SAID)
    assert len(kept(guide)) == 1
    assert run(guide) == (0, "", SAID)
    forge(guide)
    assert run(guide) == (0, "", "an answer that was kept: 0 findings\n")
    assert run(guide, *ARGUMENTS, "snippets/cni/10-a.conf") == (0, "", "an answer that was kept: 0 findings\n")


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_kept_findings_are_reported_as_they_were(guide, form):
    (guide / "snippets" / "cni" / "20-b.conf").write_text('{\n  "name": "容器",\n}\n', "utf-8")
    settle()
    first = run(guide, *ARGUMENTS, "--format", form)
    assert first[0] == 1
    assert len(kept(guide)) == 1
    assert run(guide, *ARGUMENTS, "--format", form) == first
    assert len(kept(guide)) == 1


def test_dates_decide_nothing(guide):
    before = digest(guide)
    for path in [guide, *guide.rglob("*")]:
        os.utime(path, (1, 1))
    assert digest(guide) == before


def _symlink(guide):
    (guide / "outside").write_text("a", "utf-8")
    (guide / "snippets" / "cni" / "30-c.conf").symlink_to(guide / "outside")


CHANGES = {
    "a byte of a snippet": lambda guide: (guide / "snippets/cni/10-a.conf").write_text(GOOD.replace("true", "trve"), "utf-8"),
    "a new page": lambda guide: (guide / "docs/index.md").write_text("", "utf-8"),
    "a removed snippet": lambda guide: (guide / "snippets/cni/10-a.conf").unlink(),
    "another name": lambda guide: (guide / "snippets/cni/10-a.conf").rename(guide / "snippets/cni/10-b.conf"),
    "a folder": lambda guide: (guide / "docs/en").mkdir(),
    "a folder that Python names": lambda guide: (guide / "docs/__pycache__").mkdir(),
    "a link": _symlink,
    "a pipe": lambda guide: os.mkfifo(guide / "docs/pipe.md"),
    "mkdocs.yml": lambda guide: (guide / "mkdocs.yml").write_text("nav: []\n", "utf-8"),
    "the record": lambda guide: (guide / "verification.json").write_text("[]\n", "utf-8"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_of_the_guide_is_seen(guide, change):
    before = digest(guide)
    CHANGES[change](guide)
    after = digest(guide)
    assert after != before
    assert digest(guide) == after


def test_what_a_link_leads_to_is_seen(guide):
    _symlink(guide)
    before = digest(guide)
    (guide / "outside").write_text("b", "utf-8")
    assert digest(guide) != before


def test_what_moves_between_files_is_seen(guide):
    """The same bytes in sum, cut elsewhere, are others."""
    one, other = guide / "docs" / "a.md", guide / "docs" / "b.md"
    one.write_text("ab", "utf-8")
    other.write_text("c", "utf-8")
    before = digest(guide)
    one.write_text("a", "utf-8")
    other.write_text("bc", "utf-8")
    assert digest(guide) != before


def test_options_python_and_packages_are_seen(guide, monkeypatch, tmp_path_factory):
    seen = {digest(guide, options) for options in (None, {"only": []}, {"only": ["cni_is_json"]})}
    packages = tmp_path_factory.mktemp("packages")
    monkeypatch.setattr(sys, "path", [*sys.path, str(packages)])
    for name in ("PyYAML-6.0.2.dist-info", "PyYAML-6.0.3.dist-info"):
        (packages / name).mkdir()
        seen.add(digest(guide))
    monkeypatch.setattr(sys, "version", "3.99")
    seen.add(digest(guide))
    assert len(seen) == 6


def test_programs_are_seen(guide, monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    seen = {digest(guide)}
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    program = folder / "bash"
    for text in ("#!/bin/sh\n", "#!/bin/sh\n\n"):
        program.write_text(text, "utf-8")
        program.chmod(0o755)
        assert cache.program("bash") == str(program)
        seen.add(digest(guide))
    os.utime(program, (1, 1))  # the content is not read, so that a change of dates costs a run; it never saves one
    seen.add(digest(guide))
    assert len(seen) == 4


@pytest.mark.parametrize("part", ["cni.py", "facts/cni.json", "schemas/cni.json", "facts/recordings/README.md"])
def test_the_checks_themselves_are_seen(guide, monkeypatch, tmp_path_factory, part):
    own = tmp_path_factory.mktemp("own") / "checks"
    shutil.copytree(cache._CHECKS, own, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "_CHECKS", str(own))
    before = digest(guide)
    (own / "__pycache__").mkdir()  # comes of running, and holds what the sources say
    assert digest(guide) == before
    (own / part).write_bytes((own / part).read_bytes() + b"\n")
    assert digest(guide) != before


@pytest.mark.parametrize("damage", ["cut", "byte", "empty", "renamed", "not json", "folder"])
def test_damaged_answer_is_none(guide, damage):
    run(guide)
    forge(guide)
    [path] = kept(guide)
    raw = path.read_bytes()
    if damage == "cut":
        path.write_bytes(raw[:-1])
    elif damage == "byte":
        path.write_bytes(raw.replace(b"kept", b"kepT"))
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "renamed":
        other = path.with_name("0" * 64)
        path.rename(other)
        (guide / "snippets" / "cni" / "10-a.conf").write_text(GOOD + "\n", "utf-8")
        other.rename(path.with_name(digest(guide)))
    elif damage == "not json":
        path.write_bytes(b"\xff\n\xff")
    else:
        path.unlink()
        path.mkdir()
    assert run(guide) == (0, "", SAID)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_answer_of_another_user_is_none(guide):
    run(guide)
    forge(guide)
    os.chown(kept(guide)[0], 12345, 12345)
    assert run(guide) == (0, "", SAID)


def test_with_CI_set_nothing_is_read_or_kept(guide):
    run(guide, CI="true")
    assert kept(guide) == []
    run(guide)
    forge(guide)
    assert run(guide, CI="true") == (0, "", SAID)


def test_nothing_is_kept_where_there_is_no_place(guide):
    (guide / ".cache").rmdir()
    assert run(guide) == (0, "", SAID)
    assert not (guide / ".cache").exists()
    (guide / ".cache").write_text("a file", "utf-8")
    assert run(guide) == (0, "", SAID)


def test_folder_that_cannot_be_written_is_no_error(guide, monkeypatch):
    """As root every folder can be written, so the system is made to refuse."""
    fingerprint = cache.Fingerprint(str(guide), None)
    for name in ("makedirs", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(cache.os, name, lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Permission denied")))
            cache.write(str(guide), fingerprint, {"looked_at": "", "findings": []})
        assert kept(guide) == []
    assert cache.read(str(guide), fingerprint) is None


def test_what_was_touched_during_a_run_is_not_kept(guide):
    def later(**changes) -> cache.Kept:
        return cache.Kept(str(guide), changes, time.time_ns())

    same, edited = later(), later()
    same.keep({"looked_at": "", "findings": []})
    assert len(kept(guide)) == 1
    path = guide / "snippets" / "cni" / "10-a.conf"
    path.write_text("other", "utf-8")
    path.write_text(GOOD, "utf-8")  # and back: the bytes are those of before, but who knows which of them were read
    os.utime(path, (1, 1))
    kept(guide)[0].unlink()
    edited.keep({"looked_at": "", "findings": []})
    assert kept(guide) == []


def test_run_without_all_programs_is_not_kept(guide):
    (guide / "snippets" / "shell").mkdir()
    (guide / "snippets" / "shell" / "a.console").write_text("$ true\n", "utf-8")
    settle()
    main = "import sys, time; sys.executable = '/nowhere/python'; from checks.__main__ import main; "
    main += "sys.exit(main(['--no-lab', '--only', 'transcript_is_valid_bash'], time.time_ns()))"
    for path, number in (("/nowhere", 0), (f"{Path(sys.executable).parent}:{os.environ['PATH']}", 1)):
        done = subprocess.run(
            [sys.executable, "-c", main], cwd=guide, env={"PATH": path, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert ("not run: " in done.stderr) == (number == 0)
        assert len(kept(guide)) == number


def test_main_in_another_process_keeps_nothing(guide):
    """Whoever imports the checks may have changed them, or may run for longer than the sources stay as they are."""
    code = "import sys; from checks.__main__ import main; sys.exit(main(['--no-lab', '--only', 'cni_is_json']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=guide, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, capture_output=True
    )
    assert done.returncode == 0
    assert kept(guide) == []


def test_runs_at_the_same_time_do_not_meet(guide):
    command = [sys.executable, "-m", "checks", *ARGUMENTS]
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(ROOT)}
    started = [subprocess.Popen(command, cwd=guide, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [each.communicate()[1] for each in started] == [SAID] * 4
    assert len(kept(guide)) == 1


def test_old_answers_are_forgotten(guide):
    fingerprint = cache.Fingerprint(str(guide), None)
    for number in range(cache._KEPT + 5):
        fingerprint.digest = f"{number:064}"
        cache.write(str(guide), fingerprint, {"looked_at": "", "findings": []})
        os.utime(cache._path(str(guide), fingerprint), (number, number))
    assert len(kept(guide)) == cache._KEPT
    assert kept(guide)[-1].name == f"{cache._KEPT + 4:064}"


def test_hit_imports_no_check(guide):
    run(guide)
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "checks", *ARGUMENTS], cwd=guide, env=environment, capture_output=True, text=True
    )
    assert done.stderr.endswith(SAID)
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert {name for name in imported if name.startswith("checks.")} == {
        "checks.cache", "checks.contents", "checks.facts", "checks.kinds", "checks.plugin_sets", "checks.process",
    }  # fmt: skip


WATCH = """
import os, sys
seen = set()
def note(kind, path):
    if isinstance(path, (str, bytes, os.PathLike)):
        seen.add((kind, os.path.abspath(os.fsdecode(path))))
def hook(event, args):
    if event in ("open", "os.listdir", "os.scandir"):
        note(event, args[0])
    for word in [args[0], *args[1]] if event == "subprocess.Popen" else ():  # one that starts another has it among its words
        if os.path.isabs(word):
            note(event, word)
sys.addaudithook(hook)
for name in ("stat", "lstat", "readlink", "access"):
    def watched(path, *args, real=getattr(os, name), **kwargs):
        note("os.stat", path)
        return real(path, *args, **kwargs)
    setattr(os, name, watched)
from checks.__main__ import main
status = main(["--no-lab"])
print(repr(seen))
sys.exit(status)
"""


def test_static_checks_read_nothing_that_is_not_hashed(tmp_path):
    """Every path of the guide that is opened, listed or asked for, and every program that is started, is part of the fingerprint."""
    guide, elsewhere = tmp_path / "guide", tmp_path / "elsewhere"
    elsewhere.mkdir()
    guide.mkdir()
    for name in ("docs", "snippets"):
        shutil.copytree(ROOT / name, guide / name)
    for name in ("mkdocs.yml", "verification.json", "netlify.toml", "README.md"):
        shutil.copy(ROOT / name, guide / name)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(elsewhere), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", WATCH], cwd=guide, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = eval(done.stdout)
    started = {path for kind, path in seen if kind == "subprocess.Popen"}
    assert started == {cache.program(name) for name in cache.PROGRAMS}
    programs = {Path(folder, name) for name in cache.PROGRAMS for folder in [Path(sys.executable).parent, *os.get_exec_path()]}
    python = {Path(each) for each in {sys.prefix, sys.base_prefix, *sys.path} if each and Path(each) != ROOT}
    hashed = {Path(cache._CHECKS), *(guide / name for name in cache.READ)}
    known = {each for path in [*hashed, *python, elsewhere] for each in (path, path.resolve())}
    passed = {each for path in [*known, *programs] for each in (path, *path.parents, *path.resolve().parents)} | {Path(os.devnull)}
    paths = {Path(path) for kind, path in seen}
    assert {path for path in paths - passed if not any(path.is_relative_to(each) for each in known)} == set()
    assert {guide / "mkdocs.yml", guide / "verification.json", guide / "docs" / "en" / "index.md"} <= paths


def test_static_checks_do_not_ask_what_was_run(root):
    """With the lab, what a static check finds is what it finds without."""

    class Watched(Tree):
        asked: ClassVar[set[str]] = set()

        def __getattribute__(self, name):
            if name in ("ran", "lab", "wanted", "partly", "site", "online"):
                Watched.asked.add(name)
            return super().__getattribute__(name)

    tree = Watched(root)
    asked = {}
    for name, each in load().items():
        if not each.needs:
            Watched.asked.clear()
            list(each.function(tree))
            asked[name] = set(Watched.asked)
    assert {name for name, attributes in asked.items() if attributes} == {name for name, each in load().items() if each.of_runs}
    tree.lab = True
    assert {name for name, each in load().items() if is_static(each, tree)} == {
        name for name, attributes in asked.items() if not attributes
    }


def test_no_command_of_a_transcript_is_run_by_reading_it(tmp_path):
    """All are read by one bash, which must run none of them."""
    mark = tmp_path / "mark"
    bad = f"touch {mark}; $(touch {mark}); set +n\ntouch {mark}\n(( x[$(touch {mark})] ))\ncat <<E\n$(touch {mark})\nE\n`touch {mark}`"
    texts = [
        "$ true\n",
        "$ if true; then\n",
        "$ }\n> { true\n",
        '$ echo "\n',
        "".join(f"{'>' if i else '$'} {line}\n" for i, line in enumerate(bad.split("\n"))),
    ]
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.console").write_text(text, "utf-8")
    done = checks("--no-lab", "--only", "transcript_is_valid_bash", *(f"{number}.console" for number in range(len(texts))), cwd=tmp_path)
    broken = {line.split(":")[0] for line in done.stdout.splitlines() if "bash: " in line}
    assert broken == {"1.console", "2.console", "3.console"}, done.stdout
    assert not mark.exists()
