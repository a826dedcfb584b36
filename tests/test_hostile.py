"""Hostile files, folders and surroundings, given to the real command: a finding or status 2 with one clear line, and soon.

`python -m pytest tests/test_hostile.py -s` prints what came of each, with the seconds of CPU and the memory that it took.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT
from hostile import BYTES, HTML, JSON, LARGEST, SVG, TEXTS, YAML

SECONDS = 5  # of CPU, of all processes of a call together: what is promised, on a machine that has nothing else to do
SLACK = 2  # the same work counts as up to twice as many seconds where other machines share the cores
MEMORY = 512  # MiB, of the largest of them
# The name of a file of each kind, as it may come from anywhere, and where it stands in a guide.
NAMES = {
    "cni": "10-a.conf", "pod": "a.yaml", "unit": "a.service", "console": "a.console", "flags": "a.en.md", "diagram": "a.en.svg",
    "env": "a.env", "page": "a.md",
}  # fmt: skip
PLACES = {
    "cni": "snippets/cni/10-a.conf", "pod": "snippets/pods/a.yaml", "unit": "snippets/units/a.service",
    "console": "snippets/shell/a.console", "flags": "snippets/flags/kubelet.en.md", "diagram": "snippets/diagrams/a.en.svg",
    "env": "snippets/env/a.env", "page": "docs/en/a.md",
}  # fmt: skip
SITE_CHECKS = ("built_link_resolves", "built_page_is_complete")
FINDING = re.compile(r"[^\n]+:\d+:\d+: [^\n]+ \[\w+\]")
ORDINARY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


@dataclass
class Outcome:
    """What came of a call: its status, what it printed, and what it took in seconds of CPU and MiB."""

    status: int
    output: str
    error: str
    seconds: float
    memory: float


def call(*arguments, cwd: Path, wrapped: tuple | list = (), **options) -> Outcome:
    """`python -m checks` with some arguments; `wrapped` is what starts it."""
    variables = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTHONUNBUFFERED")}
    variables |= {"PYTHONPATH": str(ROOT)} | options.pop("env", {})
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as error:
        streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": error} | options
        command = [*wrapped, sys.executable, "-m", "checks", *map(os.fsencode, map(str, arguments))]
        started = subprocess.Popen(command, cwd=cwd, env=variables, preexec_fn=_limits, **streams)
        _, status, used = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
        said = [stream.seek(0) or stream.read().decode(errors="replace") for stream in (output, error)]
    return Outcome(started.returncode, *said, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _limits() -> None:
    """Whatever goes wrong, nothing runs for ever."""
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))


def judge(name: str, outcome: Outcome, statuses: tuple[int, ...] = (1, 2)) -> None:
    """Hold an outcome against what is promised, and print a line of the table."""
    said = (outcome.output or outcome.error).strip().split("\n")[0]
    late = "!" if outcome.seconds > SECONDS else " "
    print(f"{name:72.72} status {outcome.status}  {outcome.seconds:5.2f} s{late} {outcome.memory:4.0f} MiB  {said:.100}")
    assert outcome.status in statuses, outcome
    for words in ("Traceback", "internal error", "Exception ignored"):
        assert words not in outcome.error + outcome.output, outcome.error
    if outcome.status == 1:
        assert FINDING.fullmatch(said), said
    if outcome.status == 2:
        assert re.fullmatch(r"(?:not run: [^\n]*\n|[^\n]*: \d+ findings?\n)*checks: [^\n]+\n", outcome.error), outcome.error
    assert outcome.seconds < SECONDS * SLACK, outcome.seconds
    assert outcome.memory < MEMORY, outcome.memory


def put(path: Path, content: bytes | None) -> Path:
    """A file with these bytes; None is 100 MB of nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.truncate(100 * LARGEST) if content is None else stream.write(content)
    return path


@pytest.mark.parametrize("name", BYTES)
def test_file_that_is_no_text_is_a_finding(name, tmp_path):
    content = BYTES[name]()
    for kind in NAMES:
        put(tmp_path / NAMES[kind], content)
        put(tmp_path / "guide" / PLACES[kind], content)
    outcome = call(*NAMES.values(), cwd=tmp_path)
    judge(name, outcome)
    assert len(re.findall(r"\[file_is_readable_text\]", outcome.output)) == len(NAMES)
    outcome = call("--no-lab", cwd=tmp_path / "guide")
    judge(f"{name}, in a guide", outcome, (2,))  # nothing is left to look at
    outcome = call("--no-lab", "--only", "file_is_readable_text", cwd=tmp_path / "guide")
    assert len(re.findall(r"\[file_is_readable_text\]", outcome.output)) == len(PLACES)


@pytest.mark.parametrize("kinds", ["page", "console", "cni pod unit env diagram"])
@pytest.mark.parametrize("name", TEXTS)
def test_text_that_hurts_is_a_finding(name, kinds, tmp_path):
    content = TEXTS[name]()
    names = [put(tmp_path / NAMES[kind], content).name for kind in kinds.split()]
    judge(f"{name}, as {kinds}", call(*names, cwd=tmp_path))


@pytest.mark.parametrize("name", TEXTS)
def test_guide_of_texts_that_hurt_has_findings(name, tmp_path):
    """Every kind at once, a quarter as large, in both languages where there are two."""
    content = TEXTS[name]()[: LARGEST // 4].decode(errors="ignore").encode()
    for place in PLACES.values():
        put(tmp_path / place, content)
        put(tmp_path / place.replace(".en.", ".zh.").replace("docs/en", "docs/zh"), content)
    put(tmp_path / "snippets" / "failures" / "a.conf", content)
    (tmp_path / "mkdocs.yml").write_text("nav: [a.md]\n")
    judge(f"{name}, a guide of it", call("--no-lab", cwd=tmp_path))


@pytest.mark.parametrize(
    ("kind", "name"), [(k, n) for k, inputs in (("cni", JSON), ("pod", JSON | YAML), ("diagram", SVG)) for n in inputs]
)
def test_document_that_hurts_is_a_finding(kind, name, tmp_path):
    put(tmp_path / NAMES[kind], (JSON | YAML | SVG)[name]())
    judge(f"{name}, as {kind}", call("--kind", kind, NAMES[kind], cwd=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [NAMES[kind]]  # nothing was called


def built(folder: Path) -> Path:
    """A small guide with its built site, in which nothing is found."""
    return Path(shutil.copytree(ROOT / "tests" / "cases" / "built_link_resolves" / "good-site", folder / "guide"))


def call_site(folder: Path, **options) -> Outcome:
    """The checks of the built site alone, on a guide."""
    return call("--no-lab", "--site", "site", *(f"--only={name}" for name in SITE_CHECKS), cwd=folder, **options)


@pytest.mark.parametrize("name", HTML)
def test_built_page_that_hurts_is_a_finding_of_each_check(name, tmp_path):
    folder = built(tmp_path)
    put(folder / "site" / "index.html", HTML[name]())
    outcome = call_site(folder)
    judge(f"{name}, as the first page of a site", outcome, (1,))
    assert set(SITE_CHECKS) == set(re.findall(r"\[(built_\w+)\]$", outcome.output, re.M)), outcome.output[:2000]
