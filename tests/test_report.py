"""Reports as the programs read them that they are for: code scanning (SARIF), GitHub's annotations and summaries, CI servers (JUnit), scripts (JSON)."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import jsonschema
import lxml.etree
import markdown
import pytest
from conftest import ROOT

from checks import github
from checks.findings import CHECKS, Finding, Place, load
from checks.report import FORMATS, status
from checks.tree import Tree

SCHEMAS = ROOT / "tests" / "schemas"
load()
BROKEN = '{\n  "name": "rkt.kubernetes.io", // 𝒳\n}\n'
# What a URI may consist of: RFC 3986, appendix A.
URI = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#\[\]-]|%[0-9A-F]{2})*")
# Names as files can have them, and text as a broken file or a careless check could bring it along.
NAMES = [
    "a b.conf",
    "a,b: %.conf",
    "a\nb.conf",
    "网桥.conf",
    os.fsdecode(b"\xff\xfe.conf"),
    "::error::x.conf",
    "a|`b`<i>.conf",
    "a\x1b[31m\x07.conf",
]
TEXTS = [
    "a | b `c` <script> & [x](y) *z* __u__",
    "{0} {{1}}",
    "tab\there",
    "\ud800 lone",
    "\x00\x0b\x7f\ufffe",
    "100%25 ]]> \u2028 🎉",
    "::warning::x\r\n::x",
]


@pytest.fixture(autouse=True)
def outside_of_ci(monkeypatch):
    """No test depends on the CI that it may run in."""
    for name in ("CI", "URL", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH", "GITHUB_BASE_REF"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "snippets").mkdir()
    return Tree(tmp_path)


def run(*arguments, cwd: Path, **variables) -> subprocess.CompletedProcess:
    """`python -m checks` in a folder, with some more variables."""
    command = [sys.executable, "-m", "checks", "--no-lab", *map(os.fspath, arguments)]
    return subprocess.run(command, cwd=cwd, env=os.environ | {"PYTHONPATH": str(ROOT)} | variables, capture_output=True)


def finding(path: str = "snippets/cni/a.conf", line: int = 1, message: str = "is wrong; write it right", **options) -> Finding:
    return Finding(Place(path, line, **options), "cni_is_json", message)


def hostile() -> list[Finding]:
    """Ten thousand findings, among them every name with every text."""
    wild = [finding(name, 1 + number, text, source=text) for name in NAMES for number, text in enumerate(TEXTS)]
    return wild + [finding(line=number, message="x" * 90) for number in range(1, 10_001 - len(wild))]


def results(findings: list[Finding], tree) -> list[dict]:
    """The results of a log that the schema of SARIF accepts."""
    log = json.loads(FORMATS["sarif"](findings, tree).encode("utf-8"))
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_bytes())
    jsonschema.Draft7Validator(schema).validate(log)
    [made] = log["runs"]
    rules = made["tool"]["driver"]["rules"]
    bases = {each["locations"][0]["physicalLocation"]["artifactLocation"].get("uriBaseId") for each in made["results"]}
    assert bases - {None} <= set(made["originalUriBaseIds"])
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in made["results"])
    return made["results"]


def where(result: dict) -> tuple[str, dict]:
    """The address and the region of a result."""
    physical = result["locations"][0]["physicalLocation"]
    assert ("uriBaseId" in physical["artifactLocation"]) is not physical["artifactLocation"]["uri"].startswith("file:")
    return physical["artifactLocation"]["uri"], physical["region"]


def said(message: dict) -> str:
    """What a viewer shows for a message string (SARIF 2.1.0, section 3.11.5)."""
    return message["text"].replace("{{", "{").replace("}}", "}")


@pytest.mark.parametrize("name", ["sarif-2.1.0.json", "junit-10.xsd"])
def test_schemas_are_those_that_were_published(name):
    text = (SCHEMAS / "README.md").read_text("utf-8")
    assert f"`{hashlib.sha256((SCHEMAS / name).read_bytes()).hexdigest()}`" in text


# SARIF


def test_sarif_marks_the_characters_that_are_meant(tmp_path):
    """Columns count characters as the log says, also behind those that take two units in UTF-16."""
    (tmp_path / "𝒳 a.conf").write_text('{\n  "name": "𝒳🎉", "type": "bridge", "isGatewey": true\n}\n', "utf-8")
    done = run("𝒳 a.conf", "--format", "sarif", "--only", "cni_keys_are_known", cwd=tmp_path)
    log = json.loads(done.stdout)
    assert done.returncode == 1
    assert log["runs"][0]["columnKind"] == "unicodeCodePoints"
    [result] = log["runs"][0]["results"]
    address, region = where(result)
    line = (tmp_path / unquote_to_bytes(address).decode()).read_text("utf-8").splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] in ("isGatewey", '"isGatewey"')


def test_sarif_region_ends_with_its_line(tree):
    found = [finding(column=4, source="abc"), finding(line=2, column=2, width=9, source="abc"), finding("b")]
    regions = [where(result)[1] for result in results(found, tree)]
    assert [(region["startColumn"], region["endColumn"]) for region in regions] == [(4, 4), (2, 4), (1, 1)]
    assert all(region["startLine"] == region["endLine"] == each.place.line for region, each in zip(regions, found, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_sarif_address_is_a_uri_that_leads_back_to_the_name(tree, name):
    [result] = results([finding(name)], tree)
    assert URI.fullmatch(where(result)[0])
    assert not re.match("[a-z]+:", where(result)[0]), "a colon in a name makes no scheme"
    assert unquote_to_bytes(where(result)[0]) == os.fsencode(name)


@pytest.mark.parametrize("name", ["/etc/rkt/net.d/10 a.conf", "../b.conf"])
def test_sarif_address_of_a_file_from_outside_is_whole(tree, name):
    [result] = results([finding(name)], tree)
    assert URI.fullmatch(where(result)[0])
    assert where(result)[0] == "file://" + os.path.abspath(tree.root / name).replace(" ", "%20")


def test_sarif_rules_explain_themselves(tree, monkeypatch):
    """Statement, reason and all of the docstring; an address only where the site's own is known."""
    log = FORMATS["sarif"]
    named = [Finding(Place("a"), name, "b") for name in CHECKS]
    assert results(named, tree)
    for rule in json.loads(log(named, tree))["runs"][0]["tool"]["driver"]["rules"]:
        doc = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", " ".join(CHECKS[rule["id"]].function.__doc__.split()))
        assert doc.startswith(said(rule["shortDescription"]))
        assert doc.startswith(said(rule["fullDescription"]))
        assert len(rule["fullDescription"]["text"]) > len(rule["shortDescription"]["text"])
        assert len(rule["fullDescription"]["text"]) <= 1024
        assert rule["fullDescription"]["text"][-1] in ".:。"
        assert " ".join(said(rule["help"]).split()) == doc
        assert rule["help"]["markdown"] == rule["help"]["text"]
        assert "helpUri" not in rule
    for site, wanted in (
        ("https://rkt.example", "https://rkt.example/checks/cni-is-json/"),
        ("https://e.org/a/", "https://e.org/a/checks/cni-is-json/"),
    ):
        monkeypatch.setenv("URL", site)
        assert results([finding()], tree)
        driver = json.loads(log([finding()], tree))["runs"][0]["tool"]["driver"]
        assert (driver["rules"][0]["helpUri"], driver["informationUri"]) == (wanted, wanted.removesuffix("cni-is-json/"))
    for nonsense in ("rkt.example", "https://a b/", "javascript:alert(1)", "https://a/\n"):
        monkeypatch.setenv("URL", nonsense)
        assert not re.search("helpUri|informationUri", log([finding()], tree))


def test_sarif_message_is_said_as_it_is(tree):
    for text in ('write { "isDefaultGateway": true }', "a `{#id}` {0}"):
        assert said(results([finding(message=text)], tree)[0]["message"]) == text
    assert "{{0}}" in results([finding(message="{0}")], tree)[0]["message"]["text"]


def test_sarif_finding_stays_the_same_when_lines_move(tree):
    """Its fingerprint is that of its line, and two that nothing else tells apart differ."""
    one, two = finding(line=3, source="  a: 1"), finding(line=9, source="a: 1")
    before = [result["partialFingerprints"] for result in results([one, two, finding("b", source="a: 1")], tree)]
    assert before[0] != before[1]
    assert before[0] == before[2]
    after = results([finding(line=7, source="a: 1"), finding(line=8, source="b: 1")], tree)
    assert after[0]["partialFingerprints"] == before[0] != after[1]["partialFingerprints"]


def test_sarif_tells_how_the_run_ended(tree, monkeypatch):
    def ended(found):
        results(found, tree)
        [invocation] = json.loads(FORMATS["sarif"](found, tree))["runs"][0]["invocations"]
        assert invocation["exitCode"] == status(found, tree)
        return invocation["executionSuccessful"], invocation["exitCode"], invocation.get("toolExecutionNotifications")

    assert ended([]) == (True, 0, None)
    assert ended([finding()]) == (True, 1, None)
    tree.not_run.append("units: systemd is not installed")
    assert ended([]) == (True, 0, [{"level": "warning", "message": {"text": "not run: units: systemd is not installed"}}])
    monkeypatch.setenv("CI", "true")
    assert ended([finding()]) == (False, 2, [{"level": "error", "message": {"text": "not run: units: systemd is not installed"}}])


# GitHub


def read(output: str) -> tuple[list[tuple[str, str]], list[str]]:
    """What GitHub's runner reads in a step's output: of each `error` its place and message, and the notices (actions/runner, ActionCommand.cs)."""
    errors, notices = [], []
    for line in output.split("\n"):
        command, properties, message = re.fullmatch(r"::(\w+) ([^\r]*?)::([^\r]*)", line).groups()
        values = {name: unescaped(value) for name, _, value in (each.partition("=") for each in properties.split(","))}
        if command == "error":
            assert set(values) == {"file", "line", "col", "title"}
            errors.append((f"{values['file']}:{values['line']}:{values['col']}", f"{unescaped(message)} [{values['title']}]"))
        else:
            assert command == "notice"
            notices.append(unescaped(message))
    return errors, notices


def unescaped(value: str) -> str:
    for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        value = value.replace(code, char)
    return value


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", NAMES)
def test_github_reads_back_what_was_found(tree, name, text):
    shown = [each.encode("utf-8", "replace").decode() for each in (f"{name}:1:1", f"{text} [cni_is_json]")]
    assert read(FORMATS["github"]([finding(name, message=text)], tree)) == ([tuple(shown)], [])


def test_github_gets_ten_and_the_number_of_the_others(tree):
    ten = [finding(line=number) for number in range(1, 11)]
    assert read(FORMATS["github"](ten, tree))[1] == []
    assert FORMATS["github"]([], tree) == ""
    errors, [notice] = read(FORMATS["github"]([*ten, finding(line=11), finding(line=12)], tree))
    assert [place for place, _ in errors] == [f"snippets/cni/a.conf:{number}:1" for number in range(1, 11)]
    assert notice == "2 more findings without an annotation, because GitHub shows 10 of a step; `python -m checks` prints all 12"


def git(*arguments, cwd: Path) -> str:
    call = [
        "git",
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
        "-c",
        "protocol.file.allow=always",
        *arguments,
    ]
    return subprocess.run(call, cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def pull(tmp_path, monkeypatch):
    """A repository with a pull request: `main` went on after the branch left it; the branch changes lines of three files and moves one of them."""
    root = tmp_path / "repository"
    (root / "snippets").mkdir(parents=True)
    git("init", "-q", "-b", "main", cwd=root)
    lines = [f"line {number}\n" for number in range(1, 41)]
    for name in ("a.conf", "b c\n.conf", "old.conf", "m.conf"):
        (root / "snippets" / name).write_text("".join(lines), "utf-8")
    git("add", ".", cwd=root)
    git("commit", "-qm", "one", cwd=root)
    git("checkout", "-qb", "topic", cwd=root)
    (root / "snippets" / "a.conf").write_text("".join([*lines[:29], "changed\n", *lines[30:35], *lines[37:]]), "utf-8")
    (root / "snippets" / "b c\n.conf").write_text("".join([*lines, "added\n", "added\n"]), "utf-8")
    git("mv", "snippets/old.conf", "snippets/new.conf", cwd=root)
    (root / "snippets" / "new.conf").write_text("".join([*lines[:4], "changed\n", *lines[5:]]), "utf-8")
    (root / "snippets" / "fresh.conf").write_text("one\ntwo\n", "utf-8")
    git("add", ".", cwd=root)
    git("commit", "-qm", "two", cwd=root)
    git("checkout", "-q", "main", cwd=root)
    (root / "snippets" / "m.conf").write_text("".join(["changed on main\n", *lines[1:]]), "utf-8")
    git("commit", "-qam", "three", cwd=root)
    git("checkout", "-q", "topic", cwd=root)
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"base": {"sha": git("rev-parse", "main", cwd=root)}}}), "utf-8")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    return root


CHANGED = {
    *(
        (f"snippets/{name}", line)
        for name, line in (("a.conf", 30), ("b c\n.conf", 41), ("b c\n.conf", 42), ("new.conf", 5), ("fresh.conf", 1), ("fresh.conf", 2))
    ),
}


def annotated(root: Path) -> set[tuple[str, int]]:
    """The lines that come first of findings on every line of every file."""
    tree = Tree(root)
    every = [
        finding(f"snippets/{path.name}", line)
        for path in sorted((root / "snippets").iterdir())
        for line in range(1, 1 + len(path.read_text("utf-8").splitlines()))
    ]
    errors, [notice] = read(FORMATS["github"](every, tree))
    assert len(errors) == 10
    assert notice.startswith(f"{len(every) - 10} more findings ")
    return {(place.rsplit(":", 2)[0], int(place.rsplit(":", 2)[1])) for place, _ in errors[: len(CHANGED)]}


def first_lines(root: Path) -> set[tuple[str, int]]:
    """The lines that come first where nobody knows what has changed."""
    return {("snippets/a.conf", number) for number in range(1, 1 + len(CHANGED))}


def test_github_gets_changed_lines_first(pull):
    assert annotated(pull) == CHANGED


def test_github_gets_changed_lines_first_whatever_git_is_told_to_do(pull):
    """Settings of a user, a guide that is a folder of its repository, changes that are not committed."""
    for name, value in (
        ("diff.noprefix", "true"),
        ("diff.external", "false"),
        ("color.ui", "always"),
        ("diff.renames", "false"),
        ("core.quotePath", "true"),
    ):
        git("config", name, value, cwd=pull)
    assert annotated(pull) == CHANGED
    (pull / "snippets" / "fresh.conf").write_text("one\ntwo\nthree\n", "utf-8")
    tree, found = Tree(pull), [finding("snippets/fresh.conf", line) for line in (3, *range(50, 70))]
    assert read(FORMATS["github"](found[::-1], tree))[0][0][0] == "snippets/fresh.conf:3:1"


def test_github_gets_changed_lines_first_of_a_guide_in_a_folder(pull, monkeypatch):
    (pull / "guide").mkdir()
    git("mv", "snippets", "guide/snippets", cwd=pull)
    git("commit", "-qm", "four", cwd=pull)
    git("checkout", "-qb", "second", cwd=pull)
    (pull / "guide" / "snippets" / "m.conf").write_text("changed\n" * 3, "utf-8")
    found = [finding("snippets/a.conf", line) for line in range(1, 30)] + [finding("snippets/m.conf", 2)]
    monkeypatch.setenv("GITHUB_BASE_REF", "topic")
    Path(os.environ["GITHUB_EVENT_PATH"]).write_text("{}", "utf-8")
    assert read(FORMATS["github"](found, Tree(pull / "guide")))[0][0][0] == "snippets/m.conf:2:1"


@pytest.mark.parametrize(
    "event",
    [
        None,
        "",
        "[]",
        "{",
        '{"pull_request": null}',
        '{"pull_request": {"base": {"sha": 1}}}',
        '{"pull_request": {"base": {"sha": "--help"}}}',
    ],
)
def test_github_base_is_known_by_its_branch_too(pull, monkeypatch, event):
    Path(os.environ["GITHUB_EVENT_PATH"]).write_text(event or "", "utf-8")
    if event is None:
        monkeypatch.delenv("GITHUB_EVENT_PATH")
    assert annotated(pull) == first_lines(pull)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert annotated(pull) == CHANGED


def test_github_base_of_a_shallow_clone(pull, tmp_path, monkeypatch):
    """As actions/checkout makes it: of the merge of both branches alone, in which the base is not known until it is fetched."""
    git("merge", "-q", "--no-ff", "-m", "merged", "main", cwd=pull)
    git("clone", "-q", "--depth", "1", "--branch", "topic", f"file://{pull}", str(tmp_path / "clone"), cwd=tmp_path)
    assert annotated(tmp_path / "clone") == first_lines(pull)
    git("fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main", cwd=tmp_path / "clone")
    assert annotated(tmp_path / "clone") == CHANGED


def test_github_order_where_git_is_of_no_help(pull, tmp_path, monkeypatch):
    assert annotated(pull) == CHANGED
    with monkeypatch.context() as without:
        without.setenv("PATH", str(tmp_path))
        assert annotated(pull) == first_lines(pull)
    (pull / ".git" / "HEAD").write_text("nonsense", "utf-8")
    assert annotated(pull) == first_lines(pull)


def cells(text: str) -> list[list[str]]:
    """The rows of the first table of a summary, as a renderer shows them."""
    shown = markdown.markdown(text, extensions=["tables"])
    table = lxml.etree.fromstring(re.search(r"<tbody>.*?</tbody>", shown, re.S)[0])
    assert {element.tag for element in table.iter()} == {"tbody", "tr", "td"}, "mark-up of a name or message came through"
    return [["".join(cell.itertext()) for cell in row] for row in table]


def test_github_summary_holds_all_findings(tree, tmp_path, monkeypatch):
    """As they are: no mark-up and no HTML of theirs is rendered. What an earlier program wrote there stays."""
    path = tmp_path / "summary.md"
    path.write_text("# Before\n", "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    every = [finding(name, message=text) for name in NAMES for text in TEXTS[:3]]
    _, [notice] = read(FORMATS["github"](every, tree))
    assert notice.endswith(f"the summary of this step lists all {len(every)}")
    text = path.read_text("utf-8")
    assert text.startswith("# Before\n\n## checks: 24 findings\n\n| Place | Finding | Check |\n")
    assert cells(text) == [[str(each.place), each.message.replace("\t", " "), each.check] for each in every]


def test_github_summary_keeps_its_limit(tree, tmp_path, monkeypatch):
    """GitHub takes a mebibyte of a step; a larger summary would be refused whole."""
    path = tmp_path / "summary.md"
    path.write_text("x" * 1000, "utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    _, [notice] = read(FORMATS["github"](hostile(), tree))
    text = path.read_text("utf-8")
    assert github.LARGEST - 500 < path.stat().st_size <= github.LARGEST
    left = int(re.search(r"… and (\d+) more, which this summary has no room for", text)[1])
    assert len(re.findall(r"^\| (?!Place)", text, re.M)) == 10_000 - left
    assert notice.endswith("`python -m checks` prints all 10000")
    FORMATS["github"](hostile(), tree)
    assert path.stat().st_size <= github.LARGEST


@pytest.mark.parametrize("room", [0, 30, 200, 220, 250, 280])
def test_github_summary_of_any_size_is_honest(room):
    text, whole = github.summary([finding(line=number) for number in range(1, 4)], room)
    assert not whole
    assert len(text.encode("utf-8")) <= room
    assert not text or len(re.findall(r"^\| (?!Place)", text, re.M)) + int(re.search(r"… and (\d+) more", text)[1]) == 3


def test_github_summary_that_cannot_be_written_fails_nothing(tmp_path):
    (tmp_path / "a.conf").write_text(BROKEN, "utf-8")
    done = run("a.conf", "--format", "github", "--only", "cni_is_json", cwd=tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path))
    assert done.returncode == 1
    assert b"the summary of the step is not written: Is a directory\n" in done.stderr
    assert len(read(done.stdout.decode().rstrip("\n"))[0]) == 1


# JUnit


def suite(findings: list[Finding], tree) -> ElementTree.Element:
    """The suite of a report that the schema of Jenkins accepts, with counts that are so."""
    text = FORMATS["junit"](findings, tree).encode("utf-8")
    lxml.etree.XMLSchema(lxml.etree.parse(SCHEMAS / "junit-10.xsd")).assertValid(lxml.etree.fromstring(text))
    made = ElementTree.fromstring(text)
    for name, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert int(made.get(name)) == len(made.findall(f"testcase/{element}"))
    assert int(made.get("tests")) == len(made.findall("testcase"))
    assert not [each for each in made.iter() if each.get("time")], "no time is known"
    return made


def test_junit_has_a_case_for_each_snippet_and_page():
    tree = Tree(ROOT)
    cases = {case.get("name"): case for case in suite([], tree).findall("testcase")}
    assert list(cases) == sorted(file.path for file in tree.files())
    assert {cases[name].get("classname") for name in cases} >= {"docs.en", "docs.zh.checks", "snippets.cni"}
    excused = json.loads((ROOT / "verification.json").read_text("utf-8"))
    reasons = {entry["path"]: entry["reason"]["en"] for entry in excused if entry["level"] == "excused"}
    assert reasons
    assert {name: case.find("skipped").get("message") for name, case in cases.items() if len(case)} == reasons


def test_junit_failure_holds_all_findings_of_its_file(tmp_path):
    (tmp_path / "snippets" / "cni").mkdir(parents=True)
    (tmp_path / "snippets" / "cni" / "a.conf").write_text("{}\n", "utf-8")
    found = [finding(source="{}"), finding(line=2, message="also & <wrong>"), finding("mkdocs.yml", message="no page")]
    config, here = suite(found, Tree(tmp_path)).findall("testcase")
    assert (here.get("classname"), here.get("name")) == ("snippets.cni", "snippets/cni/a.conf")
    assert here.find("failure").get("message") == "is wrong; write it right [cni_is_json] (and 1 more)"
    assert here.find("failure").text == (
        "snippets/cni/a.conf:1:1: is wrong; write it right [cni_is_json]\n  {}\n  ^\nsnippets/cni/a.conf:2:1: also & <wrong> [cni_is_json]"
    )
    assert (config.get("classname"), config.get("name"), config.find("failure").get("message")) == (
        "checks",
        "mkdocs.yml",
        "no page [cni_is_json]",
    )


def test_junit_names_what_was_not_run_and_what_was_not_read(tmp_path):
    (tmp_path / "snippets" / "cni").mkdir(parents=True)
    (tmp_path / "snippets" / "cni" / "a.conf").write_bytes(b"\xff")
    tree = Tree(tmp_path)
    tree.not_run.append("units: systemd is not installed")
    unread, not_run = suite([], tree).findall("testcase")
    assert unread.get("name") == "snippets/cni/a.conf"
    assert "is not UTF-8" in unread.find("skipped").get("message")
    assert not_run.find("skipped").get("message") == "units: systemd is not installed"


def test_junit_of_some_files_has_no_case_of_others():
    done = run("snippets/cni/10-k8s-bridge.conf", "docs/en/index.md", "--format", "junit", cwd=ROOT)
    names = [case.get("name") for case in ElementTree.fromstring(done.stdout).findall("testcase")]
    assert names == ["docs/en/index.md", "snippets/cni/10-k8s-bridge.conf"]


# All of them


def test_ten_thousand_hostile_findings_are_all_reported(tree):
    found = hostile()
    assert len(FORMATS["text"](found, tree).splitlines()) >= 10_000
    assert len(results(found, tree)) == 10_000
    written = json.loads(FORMATS["json"](found, tree).encode("utf-8"))["findings"]
    assert [(each["path"], each["line"], each["message"]) for each in written] == [
        (each.place.path, each.place.line, each.message) for each in found
    ]
    failures = suite(found, tree).findall("testcase/failure")
    assert len(failures) == len(NAMES) + 1
    assert sum(failure.text.count(" [cni_is_json]") for failure in failures) == 10_000


@pytest.mark.parametrize("form", FORMATS)
def test_command_reports_hostile_names(tmp_path, form):
    """Through the process: UTF-8 whatever the terminal speaks, status 1, and every file in the report."""
    for name in NAMES:
        (tmp_path / name).write_text(BROKEN, "utf-8")
    done = run(
        "--kind", "cni", "--format", form, "--only", "cni_is_json", "--", *NAMES, cwd=tmp_path, PYTHONIOENCODING="", LC_ALL="C.UTF-8"
    )
    assert done.returncode == 1, done.stderr
    text = done.stdout.decode("utf-8")
    if form == "json":
        assert {each["path"] for each in json.loads(text)["findings"]} == set(NAMES)
    if form == "sarif":
        assert {unquote_to_bytes(where(each)[0]) for each in json.loads(text)["runs"][0]["results"]} == set(map(os.fsencode, NAMES))
    if form == "junit":
        assert len(ElementTree.fromstring(text).findall("testcase/failure")) == len(NAMES)
    if form == "github":
        assert len(read(text.rstrip("\n"))[0]) == len(NAMES)
    if form == "text":
        assert text.count("[cni_is_json]") == len(NAMES)
        assert "\x1b" not in text
