"""What the pages and README say of the project itself is so."""

import re
import subprocess

import pytest
import yaml
from conftest import ROOT

from checks import shell
from checks.findings import load
from checks.tree import KINDS, Page
from hooks import finish

CHECKS = load()


LANGUAGES = ("en", "zh")


def page(lang: str, name: str) -> Page:
    """A page below the folder of checks."""
    path = f"docs/{lang}/checks/{name}.md"
    return Page(path, (ROOT / path).read_text("utf-8"), lang)


def explained(lang: str, name: str) -> list[str]:
    """The paragraphs of the page of a check, below its title."""
    found = page(lang, name.replace("_", "-"))
    assert [heading.text for heading in found.headings] == [f"`{name}`"]
    return folded(found.text[found.headings[0].end :])


def folded(text: str) -> list[str]:
    """Paragraphs without line breaks, as a renderer sees them."""
    return [re.sub(r"\s+", " ", paragraph).strip() for paragraph in re.split(r"\n\s*\n", text.strip())]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_check_has_a_page_and_every_page_a_check(lang):
    pages = {path.stem for path in (ROOT / "docs" / lang / "checks").iterdir()} - {"index"}
    assert pages == {name.replace("_", "-") for name in CHECKS}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_list_names_every_check_in_order_with_its_statement(lang):
    """A section for each module and in it each check, as `--list` has them; the statement is the first paragraph of the check's page."""
    listing = page(lang, "index")
    sections = [heading for heading in listing.headings if heading.level == 2]
    ends = [heading.start for heading in sections[1:]] + [len(listing.text)]
    entries = {heading.id: re.findall(r"^\[.*\n:   .*$", listing.text[heading.end : end], re.M) for heading, end in zip(sections, ends)}
    wanted = {}
    for name, check in CHECKS.items():
        dashed = name.replace("_", "-")
        entry = f"[`{name}`]({dashed}.md){{#{dashed}}}\n:   {explained(lang, name)[0]}"
        wanted.setdefault(check.function.__module__.removeprefix("checks."), []).append(entry)
    assert entries == wanted
    assert list(entries) == list(wanted)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", CHECKS)
def test_description_of_a_page_is_its_statement(name, lang):
    found = page(lang, name.replace("_", "-"))
    described = yaml.safe_load(found.text[slice(*found.front_matter)])["description"]
    assert described == explained(lang, name)[0].replace("`", "")


@pytest.mark.parametrize("name", CHECKS)
def test_page_says_what_the_docstring_says(name):
    assert explained("en", name) == folded(CHECKS[name].function.__doc__)
    assert explained("en", name)[0] == CHECKS[name].statement


@pytest.mark.parametrize("name", CHECKS)
def test_chinese_page_says_as_much(name):
    """As many paragraphs, in Chinese; that they say the same only people can tell."""
    chinese = explained("zh", name)
    assert len(chinese) == len(explained("en", name))
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
        if "NAME" not in path and not re.search("page.is.short", path):
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
