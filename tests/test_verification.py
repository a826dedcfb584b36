"""Each snippet's level is what the checks can answer for, and the record is written whole or not at all."""

import hashlib
import json
import os

import pytest

from checks import recordings, verification
from checks.findings import run
from checks.tree import KINDS, Tree


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
        "with": "rkt 1.30.0, systemd 252.39-1~deb12u2",
        "date": "2026-11-23",
        "reason": None,
    }


def test_versions_come_from_the_recordings_that_agree(tmp_path):
    for recording in recordings.of_command("rkt version"):
        entry = only(tmp_path, shell__version=f"$ rkt version\n{recording.output}")
        assert entry["with"] == f"rkt {recording.output.split()[2]}"


def test_one_unrecorded_output_takes_the_level_away(tmp_path):
    good = f"$ rkt status 4c9f860f\n{recorded('rkt status 4c9f860f').output}"
    found = run(tree(tmp_path, shell__status=good + "$ rkt version\nrkt Version: 9.9.9\n"), ["snippet_has_a_level"])
    assert [finding.message for finding in found] == ["has no level of verification: an output in it was never recorded"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_validated(tmp_path, kind):
    text = "$ rkt list\n" if kind == "shell" else "x\n"
    entry = only(tmp_path, **{f"{kind}__x": text})
    assert (entry["level"], entry["date"], entry["reason"]) == ("validated", None, None)
    assert entry["with"]


def test_what_no_check_judges_has_no_level(tmp_path):
    assert only(tmp_path, other__x="x\n")["level"] is None


def test_an_excuse_has_a_reason_that_readers_see(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "load", lambda name: {"snippets": {"snippets/other/x.txt": "Nobody has the machine"}})
    entry = only(tmp_path, other__x="x\n")
    assert (entry["level"], entry["reason"]) == ("excused", "Nobody has the machine")
    assert run(Tree(tmp_path), ["snippet_has_a_level"]) == []


def test_excuses_are_of_snippets_that_are_there(root):
    excused = verification.load("excused")["snippets"]
    assert [path for path, reason in excused.items() if not (root / path).is_file() or not reason.strip()] == []


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
