"""The command line, called as people and CI call it."""

import json
import os
import subprocess
import sys

import pytest
from conftest import ROOT

from checks.__main__ import main
from checks.findings import load

GOOD = '{"name": "rkt.kubernetes.io", "type": "flannel", "delegate": {"isDefaultGateway": true}}\n'
BROKEN = '{\n  "name": "rkt.kubernetes.io",\n}\n'


def checks(*arguments, cwd=ROOT, **environment) -> subprocess.CompletedProcess:
    """`python -m checks` with some arguments, in a folder."""
    command = [sys.executable, "-m", "checks", *map(str, arguments)]
    variables = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(ROOT)} | environment
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=120)


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "10-broken.conf"
    path.write_text(BROKEN, "utf-8")
    return path


def test_guide_is_without_findings():
    done = checks()
    assert (done.returncode, done.stdout) == (0, "")
    assert "0 findings" in done.stderr


def test_nothing_is_left_out_with_CI_set():
    done = checks(CI="true")
    assert done.returncode == 0, done.stderr
    assert "not run" not in done.stderr


def test_list_names_every_check_with_a_line():
    done = checks("--list")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines == [f"{each.name}: {each.statement}" for each in load().values()]
    assert len(lines) > 30


def test_file_from_outside_is_checked_alone(broken):
    done = checks(broken.name, cwd=broken.parent)
    assert done.returncode == 1
    assert done.stdout.startswith("10-broken.conf:")
    assert "  ^" in done.stdout


def test_good_file_from_outside_passes(tmp_path):
    (tmp_path / "10-good.conf").write_text(GOOD, "utf-8")
    done = checks("10-good.conf", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def test_file_of_the_guide_is_checked_in_the_guide():
    done = checks("--no-lab", "docs/en/index.md", "docs/zh/index.md")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "cni_is_jsom"], "did you mean cni_is_json?"),
        ([""], "the name of a FILE is empty"),
        (["no/such/file.conf"], "no/such/file.conf: No such file or directory"),
        (["--site", "no-such-folder"], "holds no built site"),
        (["--format", "xml"], "invalid choice"),
        (["--kind", "cli", "x"], "invalid choice"),
    ],
)
def test_bad_call_is_said_in_a_line_and_status_2(arguments, words):
    done = checks(*arguments)
    assert done.returncode == 2
    assert words in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_folder_without_a_guide_is_status_2(tmp_path):
    done = checks(cwd=tmp_path)
    assert done.returncode == 2
    assert "neither docs/ nor snippets/" in done.stderr


def test_empty_guide_is_status_2(tmp_path):
    (tmp_path / "docs").mkdir()
    done = checks(cwd=tmp_path)
    assert done.returncode == 2
    assert "found nothing to look at" in done.stderr


def test_missing_program_is_said_and_with_CI_fatal(tmp_path):
    """Without shellcheck the transcripts keep what is left of their checks, and the run says so."""
    (tmp_path / "a.console").write_text("$ true\n", "utf-8")
    isolated = f"import sys; sys.executable = '{tmp_path}/python'; from checks.__main__ import main; sys.exit(main(['a.console']))"
    for ci, status in (("", 0), ("true", 2)):
        variables = {"PATH": "/nowhere", "PYTHONPATH": str(ROOT), "CI": ci}
        done = subprocess.run([sys.executable, "-c", isolated], cwd=tmp_path, env=variables, capture_output=True, text=True)
        assert "not run: " in done.stderr
        assert "shellcheck" in done.stderr
        assert done.returncode == status


def test_json_holds_findings_counts_and_levels(broken):
    report = json.loads(checks(broken, "--format", "json").stdout)
    assert report["checked"] == {"pages": 0, "snippets": 1}
    assert {"path", "line", "column", "check", "message", "help"} == set(report["findings"][0])
    assert report["findings"][0]["help"] == f"checks/{report['findings'][0]['check'].replace('_', '-')}/"
    whole = json.loads(checks("--no-lab", "--format", "json").stdout)
    assert whole["findings"] == []
    assert {entry["level"] for entry in whole["verification"]} <= {"ran", "recorded", "validated", "excused"}
    assert len(whole["verification"]) == whole["checked"]["snippets"]


def test_caret_stands_below_wide_characters_and_tabs(tmp_path):
    (tmp_path / "a.md").write_text("# 标题\n\n\t容器 <b> x\n", "utf-8")
    done = checks("a.md", "--only", "page_is_plain_markdown", cwd=tmp_path)
    assert done.stdout.splitlines()[1:] == ["  \t容器 <b> x", "  \t     ^^^"]


def test_reader_of_a_pipe_may_go_away():
    command = f"{sys.executable} -m checks --list | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""


def test_plugins_are_aimed_at(tmp_path, capsys):
    """A configuration that one set of plugins takes and others do not: aimed at none, the message says which fail."""
    conf = tmp_path / "10-net.conf"
    ipam = '{"type": "host-local", "subnet": "10.022.0.0/16", "routes": [{"dst": "0.0.0.0/0"}]}'
    conf.write_text(f'{{"name": "rkt.kubernetes.io", "type": "bridge", "isGateway": true, "ipam": {ipam}}}\n')
    assert main(["--no-lab", str(conf)]) == 1
    assert "write 10.22.0.0/16 (fails with the plugins of rkt and 1.1.1, not with 0.9.0) [" in capsys.readouterr().out
    assert main(["--no-lab", "--plugins", "0.9.0", str(conf)]) == 0
    assert main(["--no-lab", "--plugins", "1.1.1", str(conf)]) == 1
    assert "write 10.22.0.0/16 [addresses" in capsys.readouterr().out
    assert main(["--plugins", "rkt", "--record", str(tmp_path / "record.json")]) == 2


def test_what_plugins_cannot_be_run_is_said(tmp_path, capsys, monkeypatch):
    """The plugins of rkt are in no package, so the lab runs nothing with them, and says so."""
    monkeypatch.delenv("CI", raising=False)
    conf = tmp_path / "10-net.conf"
    conf.write_bytes((ROOT / "snippets/cni/10-k8s-bridge.conf").read_bytes())
    assert main(["--plugins", "rkt", str(conf)]) == 0
    assert "the plugins of rkt with bridge cannot be run here" in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    assert main(["--plugins", "rkt", str(conf)]) == 2
