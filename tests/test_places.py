"""The same fault behind other text: its place moves by exactly the characters that were put before it, as an editor counts them."""

import pytest
from conftest import ROOT

from checks.findings import run
from checks.tree import File, Page, Tree

# The kind, a text with ⟦the fault⟧ and a gap ‹› somewhere before it on its line, and the check that finds it.
FAULTS = [
    ("cni", '{"name": "a‹›", "type": ⟦1⟧}\n', "cni_fits_schema"),
    ("cni", '{"name": "a‹›"⟦,⟧ }\n', "cni_is_json"),
    ("cni", '{"name": "a‹›", ⟦"mtuu"⟧: 1, "type": "bridge"}\n', "cni_keys_are_known"),
    ("cni", '{\t"name":\t"a‹›",\t"type":\t⟦1⟧}\n', "cni_fits_schema"),
    ("pods", "a: ['\t‹›',\t⟦*b⟧]\n", "pod_is_yaml"),
    ("shell", "$ echo\t‹›\t⟦<name>⟧\n", "transcript_has_the_form"),
    ("pods", "a: ['‹›', ⟦*b⟧]\n", "pod_is_yaml"),
    ("pods", "x: {a: '‹›', ⟦a⟧: 1}\n", "pod_is_yaml"),
    ("units", "[Service]\nExecStart=/a ‹›\n⟦Exec⟧=1\n", "unit_has_the_form"),
    ("shell", "$ echo ‹› ⟦<name>⟧\n", "transcript_has_the_form"),
    ("env", "FLANNEL_MTU=1500\n⟦A‹›⟧=1\n", "flannel_env_is_complete"),
    ("diagrams", '<svg a="‹›" ⟦style="x"⟧/>\n', "diagram_is_self_contained"),
    ("page", "# ‹› A\n\n‹› ⟦<b>⟧ c\n", "page_is_plain_markdown"),
    ("page", "# A\n\n‹› `a` ⟦--rkt-path⟧ `b`\n", "name_stands_in_inline_code"),
]
GAPS = {
    "nothing": "", "wide": "容器网络", "emoji": "😀", "family": "👨‍👩‍👧", "combining": "e\u0301", "flag": "🇨🇳", "Latin": "é", "astral": "𝒳𝒳",
}  # fmt: skip


@pytest.mark.parametrize("ends", ["LF", "CRLF"])
@pytest.mark.parametrize("gap", GAPS)
@pytest.mark.parametrize(("kind", "marked", "check"), FAULTS)
def test_place_is_that_of_the_characters_at_fault(kind, marked, check, gap, ends):
    text = marked.replace("‹›", GAPS[gap])
    if ends == "CRLF":
        text = text.replace("\n", "\r\n")
    start = text.index("⟦")
    end = text.index("⟧") - 1
    text = text.replace("⟦", "").replace("⟧", "")
    path = "docs/en/a.md" if kind == "page" else {"cni": "a.conf", "diagrams": "a.en.svg"}.get(kind, f"a.{kind}")
    file = Page(path, text, "en") if kind == "page" else File(path, kind, text)
    tree = Tree(ROOT, [])
    tree._files = [file]
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    found = [(finding.place.line, finding.place.column, finding.place.width) for finding in run(tree, [check])]
    assert (line, column, end - start) in found, found


@pytest.mark.parametrize("text", ["", "\n", "{", "a"])
@pytest.mark.parametrize("kind", ["cni", "pods", "units", "shell", "diagrams"])
def test_fault_of_a_whole_file_stands_at_its_first_character(kind, text):
    tree = Tree(ROOT, [])
    tree._files = [File("a", kind, text)]
    names = {
        "cni": "cni_is_json",
        "pods": "pod_is_yaml",
        "units": "unit_has_the_form",
        "shell": "transcript_has_the_form",
        "diagrams": "diagram_is_self_contained",
    }
    for finding in run(tree, [names[kind]]):
        assert (finding.place.line, finding.place.column) == (1, 1)


@pytest.mark.parametrize("gap", GAPS)
def test_fault_in_what_a_tab_or_a_list_includes_stands_where_it_is_written(gap, tmp_path):
    """The snippet's fault at the snippet's own line, however deep the include; that of the include at its place in the page."""
    (tmp_path / "docs" / "en").mkdir(parents=True)
    (tmp_path / "snippets" / "cni").mkdir(parents=True)
    (tmp_path / "snippets" / "cni" / "10-a.conf").write_text(f'{{\n\t"name": "{GAPS[gap]}",\t"mtuu": 1,\n\t"type": "bridge"\n}}\n', "utf-8")
    fence = '      ``` json\n      --8<-- "cni/{}.conf"\n      ```\n'
    page = f'# A\n\n=== "{GAPS[gap]}"\n\n    - {GAPS[gap]}\n\n{fence.format("10-a")}\n{fence.format("10-b")}'
    (tmp_path / "docs" / "en" / "a.md").write_text(page, "utf-8")
    tree = Tree(tmp_path)
    [inside] = run(tree, ["cni_keys_are_known"])
    assert str(inside.place) == f"snippets/cni/10-a.conf:2:{len(GAPS[gap]) + 14}"
    [of_page] = run(tree, ["include_resolves"])
    assert (str(of_page.place), of_page.place.width) == ("docs/en/a.md:12:7", len('--8<-- "cni/10-b.conf"'))
