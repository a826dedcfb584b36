"""Where things stand, and what a tree does with files that are no text."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks import markdown
from checks.findings import run
from checks.tree import LARGEST, File, Page, Tree, kind_of

LINES = st.text(st.sampled_from("ab\t|`#[](){}<>!-:~=\"'\\ 8\r\n容，😀\u0301"), max_size=200)


@pytest.mark.parametrize(
    ("text", "offset", "place"),
    [
        ("", 0, "f:1:1"),
        ("ab\ncd\n", 3, "f:2:1"),
        ("ab\ncd\n", 6, "f:3:1"),
        ("ab\r\ncd", 4, "f:2:1"),
        ("容器\t😀x", 4, "f:1:5"),
        ("a\u2028b\x0cc\nd", 6, "f:2:1"),  # only a line feed ends a line
        ("ab", 99, "f:1:3"),
    ],
)
def test_place_counts_as_an_editor_does(text, offset, place):
    assert str(File("f", "page", text).place(offset)) == place


def test_span_ends_with_its_line():
    place = File("f", "page", "one two\nthree\n").place(4, 12)
    assert (place.width, place.source) == (3, "one two")


@given(LINES)
def test_any_text_can_be_taken_apart(text):
    """Nothing that an author types makes the parser stumble, and every part stands inside of the text."""
    page = Page("docs/en/x.md", text, "en")
    assert len(page.prose) == len(text)
    assert page.prose.count("\n") == text.count("\n")
    for part in [*page.fences, *page.includes, *page.headings, *page.codes, *page.links]:
        assert 0 <= part.start <= part.end <= len(text)
    for table in page.tables:
        for cell in [*table.header, *(cell for row in table.rows for cell in row)]:
            assert text[cell.start : cell.end] == cell.text
    markdown.tags(page.prose)


def test_hidden_text_is_no_heading_and_no_link():
    page = Page(
        "docs/en/x.md",
        "---\na: '# no'\n---\n# Yes\n\n``` text\n# no\n[no](no.md)\n```\n\n<!-- # no -->\n\n`[no](no.md)` [yes](yes.md)\n",
        "en",
    )
    assert [heading.text for heading in page.headings] == ["Yes"]
    assert [link.target for link in page.links] == ["yes.md"]


def test_section_is_that_of_the_heading_above():
    text = "# T\n\na\n\n## One {#one}\n\nb\n\n### No id\n\nc\n"
    page = Page("docs/en/x.md", text, "en")
    assert [page.section(text.index(letter, 3)) for letter in "abc"] == ["", "one", "one"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("snippets/cni/a.conf", "cni"),
        ("snippets/a.conf", "unknown"),
        ("snippets/new/a.conf", "unknown"),
        ("docs/zh/a.md", "page"),
        ("/etc/rkt/net.d/10-x.conf", "cni"),
        ("pod.yml", "pods"),
        ("rkt-api.service", "units"),
        ("notes.txt", "unknown"),
    ],
)
def test_folder_or_ending_says_the_kind(name, kind):
    assert kind_of(name) == kind


def unreadable(path, tmp_path) -> str:
    """What a tree of one file says of it, below the root."""
    [finding] = run(Tree(tmp_path, [path]), ["file_is_readable_text"])
    return f"{finding.place}: {finding.message}"


def test_large_file_is_a_finding_and_is_not_read_whole(tmp_path):
    path = tmp_path / "snippets" / "cni" / "big.conf"
    path.parent.mkdir(parents=True)
    with path.open("wb") as stream:
        stream.truncate(100 * LARGEST)
    assert unreadable(path, tmp_path) == "snippets/cni/big.conf:1:1: is larger than 1024 KiB; no page or snippet is"


def test_pipe_is_a_finding_and_does_not_wait(tmp_path):
    path = tmp_path / "snippets" / "pipe.conf"
    path.parent.mkdir()
    os.mkfifo(path)
    assert "is not a plain file" in unreadable(path, tmp_path)


def test_loop_of_links_is_a_finding(tmp_path):
    folder = tmp_path / "snippets" / "cni"
    folder.mkdir(parents=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "a.conf").symlink_to(folder / "b.conf")
    (folder / "b.conf").symlink_to(folder / "a.conf")
    found = run(Tree(tmp_path), ["file_is_readable_text"])
    assert [finding.place.path for finding in found] == [f"snippets/cni/{name}" for name in ("a.conf", "b.conf", "loop")]


def test_file_that_vanishes_is_a_finding(tmp_path):
    path = tmp_path / "snippets" / "cni" / "gone.conf"
    assert "No such file" in unreadable(path, tmp_path)
