"""Each snippet's level is what the checks can answer for, and the record is written whole or not at all."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from conftest import ROOT

from checks import recordings, verification
from checks.findings import run
from checks.tree import KINDS, Tree

REASON = {"en": "Nobody has the machine", "zh": "没有人有这种机器"}


def tree(tmp_path, **snippets: str) -> Tree:
    """A tree with snippets; `shell__x` is `snippets/shell/x.console`."""
    for name, text in snippets.items():
        kind, _, stem = name.partition("__")
        path = tmp_path / "snippets" / kind / (stem + KINDS.get(kind, ".txt"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return Tree(tmp_path)


def only(tmp_path, **snippets: str) -> dict:
    """The entry of the only snippet of a tree."""
    (entry,) = verification.levels(tree(tmp_path, **snippets))
    return entry


def recorded(command: str) -> recordings.Recording:
    return recordings.of_command(command)[0]


def test_a_transcript_with_recorded_output_is_recorded(tmp_path):
    text = f"$ sudo rkt status 4c9f860f\n{recorded('rkt status 4c9f860f').output}"
    entry = only(tmp_path, shell__status=text)
    assert entry == {
        "path": "snippets/shell/status.console",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "level": "recorded",
        "with": ["rkt 1.30.0", "systemd 252.39-1~deb12u2"],
        "date": "2026-11-23",
        "reason": None,
    }


def test_versions_come_from_the_recordings_that_agree(tmp_path):
    for recording in recordings.of_command("rkt version"):
        entry = only(tmp_path, shell__version=f"$ rkt version\n{recording.output}")
        assert entry["with"] == [f"rkt {recording.output.split()[2]}"]


def test_one_unrecorded_output_takes_the_level_away(tmp_path):
    good = f"$ rkt status 4c9f860f\n{recorded('rkt status 4c9f860f').output}"
    findings = run(tree(tmp_path, shell__status=good + "$ rkt version\nrkt Version: 9.9.9\n"), ["snippet_has_a_level"])
    assert [finding.message for finding in findings] == ["has no level of verification: an output in it was never recorded"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_validated(tmp_path, kind):
    name, text = ("kubelet.en", "x\n") if kind == "flags" else ("x", "$ true\n" if kind == "shell" else "x\n")
    entry = only(tmp_path, **{f"{kind}__{name}": text})
    assert (entry["level"], entry["date"], entry["reason"]) == ("validated", None, None)
    assert entry["with"]


def test_a_transcript_is_validated_with_the_flags_of_the_programs_that_it_names(tmp_path):
    entry = only(tmp_path, shell__list="$ sudo rkt list\n$ ls /var/lib/kubelet\n")
    assert entry["with"] == ["bash", "shellcheck", "rkt 1.13.0", "rkt 1.30.0"]


def test_what_the_lab_ran_in_this_run_is_called_so(tmp_path):
    """Only the lab's own word counts: neither an excuse nor the committed record makes a snippet `ran`."""
    guide = tree(tmp_path, cni__x="{}\n", cni__y="{}\n")
    guide.ran = {"snippets/cni/x.conf": ["CNI bridge 1.1.1"]}
    ran, other = verification.levels(guide)
    assert (ran["level"], ran["with"], ran["reason"]) == ("ran", ["CNI bridge 1.1.1"], None)
    assert ran["date"] == datetime.now(UTC).date().isoformat()
    assert other["level"] == "validated"
    verification.write(guide, tmp_path / "verification.json")
    assert {entry["level"] for entry in verification.levels(Tree(tmp_path))} == {"validated"}


def test_what_no_check_judges_has_no_level(tmp_path):
    assert only(tmp_path, other__x="x\n")["level"] is None


def test_an_excuse_has_a_reason_that_readers_see(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "load", lambda name: {"snippets": {"snippets/other/x.txt": REASON}})
    entry = only(tmp_path, other__x="x\n")
    assert (entry["level"], entry["reason"]) == ("excused", REASON)
    assert run(Tree(tmp_path), ["snippet_has_a_level"]) == []


def test_excuses_are_of_snippets_that_are_there(root):
    excused = verification.load("excused")["snippets"]
    assert [path for path, reason in excused.items() if not (root / path).is_file() or set(reason) != {"en", "zh"}] == []
    assert all(words.strip() for reason in excused.values() for words in reason.values())


def test_every_snippet_of_the_guide_has_a_level(root):
    entries = verification.levels(Tree(root))
    assert [entry["path"] for entry in entries if entry["level"] not in ("recorded", "validated", "excused")] == []
    assert {"recorded", "validated"} <= {entry["level"] for entry in entries}
    assert [entry["path"] for entry in entries] == sorted(entry["path"] for entry in entries)


def test_the_hash_is_that_of_the_bytes(root):
    for entry in verification.levels(Tree(root)):
        assert entry["sha256"] == hashlib.sha256((root / entry["path"]).read_bytes()).hexdigest(), entry["path"]


def test_the_index_names_every_recording_and_no_other():
    assert set(recordings.index()) == {path.name for path in recordings.FOLDER.glob("*.txt")}
    assert {each.file for each in recordings.all_recordings()} == set(recordings.index())


def test_recordings_are_read_to_their_last_line():
    text = "# a remark\n[node]# one\n$ not a command\n\n[exit 3]\n\n$ two\n[exit 0]\n"
    found = recordings.parse("x.txt", text)
    assert [(each.line, each.command, each.output) for each in found] == [(2, "one", "$ not a command\n\n"), (7, "two", "")]


def test_the_record_is_written_as_json(tmp_path):
    path = tmp_path / "record.json"
    guide = tree(tmp_path, shell__list="$ rkt list\n")
    verification.write(guide, path)
    assert json.loads(path.read_text("utf-8")) == verification.levels(guide)
    assert path.read_text("utf-8").endswith("]\n")


def test_a_record_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    path.write_text("old", "utf-8")

    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        verification.write(tree(tmp_path, shell__list="$ rkt list\n"), path)
    assert path.read_text("utf-8") == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["record.json", "snippets"]


@pytest.fixture
def guide(tmp_path):
    """A copy of the guide with its record."""
    for name in ("docs", "snippets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("mkdocs.yml", "verification.json"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def command(guide, *arguments) -> subprocess.CompletedProcess:
    """The checks of a copy of the guide, as a contributor calls them."""
    return subprocess.run(
        [sys.executable, "-m", "checks", "--no-lab", *map(str, arguments)],
        cwd=guide,
        env={name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def found(guide: Tree) -> list[str]:
    return [f"{place}: {message.split(';')[0]}" for place, message in verification.record_is_up_to_date(guide)]


def test_the_committed_record_is_up_to_date(root):
    assert found(Tree(root)) == []


def test_a_changed_snippet_is_found_and_recorded_anew(guide):
    path = guide / "snippets" / "pods" / "nginx.yaml"
    path.write_text(path.read_text("utf-8") + "# more\n", "utf-8")
    done = command(guide, "snippets/pods/nginx.yaml")
    assert (done.returncode, done.stdout.split(": ")[0]) == (1, "snippets/pods/nginx.yaml:1:1")
    assert "python -m checks --record verification.json" in done.stdout
    done = command(guide, "--record", "verification.json")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout
    assert command(guide).returncode == 0
    entries = {entry["path"]: entry for entry in json.loads((guide / "verification.json").read_text("utf-8"))}
    assert entries["snippets/pods/nginx.yaml"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_nothing_is_recorded_while_something_is_found(guide):
    """A fault in any file counts, also in one that the caller did not ask for."""
    before = (guide / "verification.json").read_bytes()
    page = guide / "docs" / "en" / "index.md"
    page.write_text(page.read_text("utf-8").replace("(troubleshooting.md)", "(trubleshooting.md)"), "utf-8")
    for arguments in ([], ["snippets/pods/nginx.yaml"]):
        done = command(guide, "--record", "verification.json", *arguments)
        assert done.returncode == 1
        assert "page_link_resolves" in done.stdout
        assert "verification.json is not written" in done.stderr
        assert (guide / "verification.json").read_bytes() == before


def test_a_record_of_one_check_is_refused(guide):
    done = command(guide, "--record", "x.json", "--only", "cni_is_json")
    assert (done.returncode, (guide / "x.json").exists()) == (2, False)


def test_the_record_is_held_against_the_run_that_the_lab_made(tmp_path):
    """Another level, another program: found. Another version, another day: nothing."""
    guide = tree(tmp_path, cni__x="{}\n")
    guide.lab, guide.ran = True, {"snippets/cni/x.conf": ["CNI bridge 1.1.1", "CNI host-local 1.1.1"]}
    verification.write(guide, tmp_path / "verification.json")
    assert found(guide) == []
    text = (tmp_path / "verification.json").read_text("utf-8")
    (tmp_path / "verification.json").write_text(text.replace(guide_day(text), "2020-01-01"), "utf-8")
    guide.ran = {"snippets/cni/x.conf": ["CNI bridge 1.5.1+ds1-2", "CNI host-local 0.9.0", "CNI bridge 1.1.1"]}
    assert found(guide) == []
    guide.ran = {"snippets/cni/x.conf": ["CNI bridge 1.1.1"]}
    assert found(guide) == [
        "snippets/cni/x.conf:1:1: is `ran` with CNI bridge, CNI host-local in verification.json and `ran` with CNI bridge in this run"
    ]
    guide.ran = {}
    assert "and `validated` with CNI plugins 0.3.0" in found(guide)[0]
    guide.not_run.append("flannel: not installed")
    assert found(guide) == [], "where a program is missing, the run proves nothing against the record"
    guide.not_run.clear()
    guide.wanted = {"snippets/cni/y.conf"}
    assert found(guide) == [], "what the lab was not asked to run is not held against the record"
    guide.wanted = {"snippets/cni/x.conf"}
    assert len(found(guide)) == 1
    assert run(guide, ["record_is_up_to_date"]) == [], "where one check is run, the lab has not run"


def guide_day(text: str) -> str:
    return json.loads(text)[0]["date"]


def test_a_snippet_that_ran_and_is_recorded_lower_is_found(tmp_path):
    guide = tree(tmp_path, cni__x="{}\n")
    verification.write(guide, tmp_path / "verification.json")
    guide.lab, guide.ran = True, {"snippets/cni/x.conf": ["CNI bridge 1.1.1"]}
    assert found(guide)[0].endswith("in verification.json and `ran` with CNI bridge in this run")
