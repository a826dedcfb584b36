"""Every parser, and every check, is given what nobody would think of; what has to hold is said in `properties.py`."""

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st
from properties import FILES, PARSERS, address_text, json_text, kind_text

from checks.tree import KIND_NAMES

# What the languages are made of, so that random texts are nearly right.
TOKENS = {
    "json": ['{"a": ', '"', "{", "}", "[", "]", ",", ":", "1", "-", ".", "e", "0", "true", "null", "\\", "\\u00e9", "\\ud800", "//", "'", "\t", "\n", "容", "😀"],
    "yaml": ["a: ", "- ", "? ", ": ", "  ", "\n", "{", "}", "[", "]", ",", "&a ", "*a", "!!str ", "!x ", "|\n", ">-\n", "'", '"', "#", "---\n", "...\n", "<<: ", "%", "@", "0x1", "07", "1_0", "1e3", ".5", "~", "yes", "\t", "\r\n", "容", "😀", "\u2028", "\x85"],
    "page": ["# ", "## ", " {#a}", "`", "``", "```\n", "~~~ a\n", '--8<-- "cni/a.conf"\n', "---\n", "|a|b|\n", "|-|-|\n", "|", "\\", "[a]", "(b.md#c)", "[", "](", "<b>", "<!--", "-->", "https://a.b ", "!!! note\n", "    ", "\n", "\n\n", "--rkt-path ", "rkt run ", "\r\n", "容器", "😀", "\u0301"],
    "transcript": ["$ ", "> ", "\n", "\\\n", "'", '"', "$(", ")", "${", "}", "<<E\n", "E\n", "|", "&&", ";", ">", "/etc/a ", "sudo ", "rkt run ", "kubelet --a=b ", "cat ", "#", "\\", "a", " ", "\r\n", "容", "😀"],
    "unit": ["[Service]\n", "[", "]", "ExecStart=", "/usr/bin/kubelet ", "--a=b ", "\\\n", "\n", "=", "#", ";", " ", '"', "'", "-", "@", "Environment=", "A=b ", "\r\n", "容", "😀"],
    "svg": ["<svg ", "<g>", "</g>", "</svg>", "<text ", 'class="code"', ">", "/>", 'a="b" ', "&#42;", "&a;", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE a>", "<?a?>", "*", "\n", " ", "容", "😀", "'", "url(#a)"],
    "address": ["10", "0", ".", "/", "16", "255", "01", ":", "fe80::", " ", "-", "１", "a", "256"],
}  # fmt: skip
OF_KIND = {
    "cni": "json",
    "pod": "yaml",
    "unit": "unit",
    "console": "transcript",
    "flags": "page",
    "diagram": "svg",
    "env": "address",
    "page": "page",
}


def made_of(name: str) -> st.SearchStrategy[str]:
    """Texts of the tokens of a language, and now and then of any character."""
    return st.lists(st.sampled_from(TOKENS[name]) | st.characters(codec="utf-8"), max_size=30).map("".join)


@st.composite
def edited(draw, kind: str) -> str:
    """A snippet or page of the guide with a few pieces cut out, doubled or put in."""
    folder, ending = (ROOT / "docs" / "en", ".md") if kind == "page" else (ROOT / "snippets" / KIND_NAMES[kind], "")
    text = draw(st.sampled_from(sorted(path for path in folder.glob(f"*{ending}") if path.is_file()))).read_text("utf-8")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        to = min(len(text), at + draw(st.integers(0, 12)))
        text = text[:at] + draw(st.sampled_from(["", text[at:to] * 2]) | made_of(OF_KIND[kind])) + text[to:]
    return text


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_text_is_taken_apart_or_refused(name, data):
    PARSERS[name](data.draw(made_of(name)))


@pytest.mark.parametrize("kind", FILES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_file_of_a_kind_is_judged(kind, data):
    kind_text(kind, data.draw(made_of(OF_KIND[kind]) | edited(kind)))


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_what_python_writes_is_json(value):
    import json

    json_text(json.dumps(value))


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_every_network_is_an_address_or_gets_the_right_one_offered(ip, length):
    address_text(f"{ip}/{length}")
    address_text(str(ip))
