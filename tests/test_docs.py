"""What the pages and README say of the project itself is so."""

import re
import subprocess

import pytest
from conftest import ROOT

from checks import shell
from checks.findings import load
from checks.tree import KINDS, Page
from hooks import finish

CHECKS = load()


def sections(lang: str) -> dict[str, str]:
    """The sections of the page on checks: name of the check (from the heading) to text."""
    text = (ROOT / "docs" / lang / "checks.md").read_text("utf-8")
    page = Page(f"docs/{lang}/checks.md", text, lang)
    ends = [heading.start for heading in page.headings[1:]] + [len(text)]
    found = {}
    for heading, end in zip(page.headings, ends):
        if heading.level == 3:
            assert heading.id == heading.text.strip("`").replace("_", "-"), heading.text
            found[heading.text.strip("`")] = text[heading.end : end].strip()
    return found


def folded(text: str) -> list[str]:
    """Paragraphs without line breaks, as a renderer sees them."""
    return [re.sub(r"\s+", " ", paragraph).strip() for paragraph in re.split(r"\n\s*\n", text.strip())]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_check_has_a_section_in_order(lang):
    assert list(sections(lang)) == list(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_section_says_what_the_docstring_says(name):
    assert folded(sections("en")[name]) == folded(CHECKS[name].function.__doc__)


@pytest.mark.parametrize("name", CHECKS)
def test_chinese_section_says_as_much(name):
    """As many paragraphs, in Chinese; that they say the same only people can tell."""
    chinese = folded(sections("zh")[name])
    assert len(chinese) == len(folded(sections("en")[name]))
    assert all(re.search(r"[\u4e00-\u9fff]", paragraph) for paragraph in chinese)


@pytest.mark.parametrize("name", CHECKS)
def test_name_is_a_statement_and_docstring_explains(name):
    doc = folded(CHECKS[name].function.__doc__ or "")
    assert re.search(
        r"_(attaches|runs|is|are|has|have|holds|hold|fits|agrees|agree|resolves|differ|stands|exists|answers|was|names|says|reads|lies|means)(_|$)",
        name,
    ), name
    assert len(doc) >= 2, "the first paragraph is the statement, the second says why and how to mend it"
    assert doc[0].endswith(".")


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/en/contributing.md", "docs/zh/contributing.md"])
def test_commands_that_are_named_exist(document):
    """Every `make` target, and every file and folder of the repository in inline code, exists."""
    text = (ROOT / document).read_text("utf-8")
    targets = set(re.findall(r"\bmake ([a-z]+)\b", text))
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert targets <= known
    for path in re.findall(r"`((?:docs|snippets|checks|hooks|overrides|tests)/[\w./-]*)`", text):
        if "NAME" not in path and "page_is_short" not in path:
            assert (ROOT / path).exists(), path


def test_contributors_see_every_kind_of_snippet():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    assert set(re.findall(r"`snippets/(\w+)/`", text)) >= set(KINDS)


def test_copy_button_copies_what_the_checks_call_commands():
    for path in sorted((ROOT / "snippets" / "shell").glob("*.console")):
        text = path.read_text("utf-8")
        assert finish.commands(text) == "\n".join(command.text for command in shell.commands(text)), path


def test_facts_and_pages_name_no_machine_and_no_registry():
    """No path of the machine that this stands on, and no address of a package index (put together here, so that none is named)."""
    hosts = [
        ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs", "org"), ("deb", "debian", "org"))
    ]
    words = re.compile("|".join(map(re.escape, [f"{ROOT}/", *hosts, "--index-" + "url", "--extra-index-" + "url"])))
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, done.stdout.split("\0")):
        path = ROOT / name
        if path.is_symlink() or not path.is_file() or name.startswith("tests/cases/"):
            continue
        found = words.search(path.read_bytes().decode("utf-8", "replace"))
        assert not found, f"{name}: {found[0]}"
