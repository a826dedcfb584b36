"""JSON and YAML: every place is true, every fault is named where it is, and no text makes a parser crash, hang or grow."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.documents import DEEPEST, MOST, Broken, parse_json, parse_yaml

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def without_null(value):
    """The value without keys that hold null, which count as absent."""
    if isinstance(value, dict):
        return {key: without_null(inner) for key, inner in value.items() if inner is not None}
    return [without_null(item) for item in value] if isinstance(value, list) else value


def spans(node, text):
    """Every scalar and every key as they stand in the text, with what they mean."""
    for member in node.members:
        yield text[member.start : member.end], member.key
        yield from spans(member.node, text)
    for item in node.items:
        yield from spans(item, text)
    if node.kind == "scalar":
        yield text[node.start : node.end], node.value


def fault(parse, text):
    with pytest.raises(Broken) as caught:
        parse(text)
    error = caught.value
    return error.message, text[error.start : error.end if error.end is not None else error.start + 1]


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_means_what_python_reads(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    root = parse_json(f" {text}\n")
    assert root.plain() == without_null(value)
    assert (root.start, root.end) == (1, len(text) + 1)


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_json_places_are_true(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    for source, meaning in spans(parse_json(text), text):
        assert json.loads(source) == meaning


@given(st.text(st.sampled_from("{}[]\":,0123.-eE+tfn/\\'\n\t ulraseé😀#"), max_size=30))
def test_json_accepts_what_the_standard_accepts(text):
    try:
        expected = json.loads(text, parse_constant=lambda name: pytest.fail(name))
    except (ValueError, RecursionError):
        message, place = fault(parse_json, text)
        assert message and "\n" not in message and (place or not text.strip())
    else:
        assert parse_json(text).plain() == without_null(expected)


@pytest.mark.parametrize(
    "text, message, place",
    [
        ("", "nothing stands here; write one object, { … }", ""),
        (" \n ", "nothing stands here; write one object, { … }", " "),
        ('{"a": 1,}', "comma with nothing behind it before }; delete it", ","),
        ('{"a": [1, 2,]}', "comma with nothing behind it before ]; delete it", ","),
        ('{"a": 1,, "b": 2}', "comma with nothing behind it before ,; delete it", ","),
        ("{'a': 1}", "single quotes; JSON takes double quotes", "'a'"),
        ("{\"a\": 'b'}", "single quotes; JSON takes double quotes", "'b'"),
        ('{"a": 1 // one\n}', "comment; JSON has none, delete it", "// one"),
        ('{"a": 1, # one\n"b": 2}', "comment; JSON has none, delete it", "# one"),
        ('/* x */ {"a": 1}', "comment; JSON has none, delete it", '/* x */ {"a": 1}'),
        ('{"a": {"b": [1, 2', "the text ends before everything is closed; write ]}} after this", "2"),
        ('{"a": [1,\n', "the text ends before everything is closed; write ]} in place of this comma", ","),
        ('{"a": 1\n', "the text ends before everything is closed; write } after this", "1"),
        ('{"a": [1}', "} closes nothing here; write ]", "}"),
        ('{"a": 1]', "] closes nothing here; write }", "]"),
        ('{"a": 1} x', "more text after the end of the object; delete it", "x"),
        ('{"a": 1}}', "more text after the end of the object; delete it", "}"),
        ('{"a": 1 "b": 2}', "no comma after this; write one", "1"),
        ('{"a": "x"\n "b": 2}', "no comma after this; write one", '"'),
        ('{"a": 1: 2}', "colon where a comma should stand; only a key is followed by a colon", ":"),
        ('{"a" 1}', "no colon after this key; write one, and a value", '"a"'),
        ("{a: 1}", 'key without quotes; write "a"', "a"),
        ("{1: 1}", 'key without quotes; write "1"', "1"),
        ('{"a": }', "'}' where a value should stand", "}"),
        ('{"a": bridge}', 'text without quotes; write "bridge"', "bridge"),
        ('{"a": True}', "True is no value of JSON; write true", "True"),
        ('{"a": yes}', "yes is no value of JSON; write true", "yes"),
        ('{"a": None}', "None is no value of JSON; write null", "None"),
        ('{"a": NaN}', 'text without quotes; write "NaN"', "NaN"),
        ('{"a": 01}', "01 is no number of JSON, which has neither leading zeros, nor a plus sign, nor a bare dot", "01"),
        (
            '{"a": 10.22.0.1}',
            "10.22.0.1 is no number of JSON, which has neither leading zeros, nor a plus sign, nor a bare dot",
            "10.22.0.1",
        ),
        ('{"a": "b\n}', "string without closing quote; write a double quote at its end", '"b'),
        ('{"a": "b\\', "string without closing quote; write a double quote at its end", '"b'),
        ('{"a": "C:\\x"}', "\\x is no escape of JSON; a backslash itself is written \\\\", "\\x"),
        ('{"a": "b\tc"}', "tab inside a string; write \\t", "\t"),
        ('{"a": "b\x01c"}', "control character U+0001 inside a string; delete it", "\x01"),
        ('\ufeff{"a": 1}', "byte order mark; save the file without one", "\ufeff"),
    ],
)
def test_json_fault_is_named_where_it_is(text, message, place):
    assert fault(parse_json, text) == (message, place)


def test_json_counts_characters_not_bytes():
    text = '{"网桥😀": "é", "b": 1}'
    root = parse_json(text)
    assert text[slice(*root.key_span(["网桥😀"]))] == '"网桥😀"'
    assert text[slice(*root.span(["b"]))] == "1"


def test_json_keeps_doubled_keys_and_counts_the_last():
    text = '{"a": 1, "b": {"c": 1, "c": null}, "a": 2}'
    root = parse_json(text)
    assert root.plain() == {"a": 2, "b": {}}
    assert sorted(text[member.start : member.end] for member in root.doubled()) == ['"a"', '"c"']
    assert text.index('"a"', 5) in [member.start for member in root.doubled()]


def test_path_that_leads_nowhere_is_shown_at_the_nearest_value():
    text = '{"ipam": {"routes": [{"dst": "x"}]}}'
    root = parse_json(text)
    assert text[slice(*root.span(["ipam", "routes", 0, "dst"]))] == '"x"'
    assert text[slice(*root.span(["ipam", "subnet"]))] == '{"routes": [{"dst": "x"}]}'
    assert text[slice(*root.key_span(["ipam", "routes"]))] == '"routes"'
    assert text[slice(*root.key_span(["ipam", "routes", 0]))] == "{"
    assert text[slice(*root.key_span(["ipam", "routes", 7, "dst"]))] == "["
    assert root.key_span([]) == (0, 1)
    assert root.at(["ipam", "routes", 0, "dst", "deeper"]) is None


def test_json_half_of_a_surrogate_pair_becomes_a_replacement_character():
    assert parse_json('"\\ud83d\\ude00 \\ud800"').plain() == "😀 \ufffd"


@pytest.mark.parametrize("parse", [parse_json, parse_yaml])
@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
    ],
)
def test_too_deep_is_said(parse, text):
    message, _ = fault(parse, text)
    assert message.startswith(f"nested more than {DEEPEST} deep")


@pytest.mark.parametrize("parse", [parse_json, lambda text: parse_yaml(text)[0]])
def test_deepest_is_allowed(parse):
    assert parse("[" * DEEPEST + "]" * DEEPEST).plain() is not None


def test_large_texts_take_little_time():
    text = "{" + ",".join(f'"k{number}": {number}' for number in range(1_000_000)) + "}"
    assert fault(parse_json, text) == (f"more than {MOST:,} keys and values; take the file apart", "4")
    root = parse_json(text[: text.index(f'"k{MOST // 2 - 1}"') - 1] + "}")
    assert len(root.members) == MOST // 2 - 1 and not list(root.doubled())
    assert fault(parse_json, '{"a": "' + "x" * 1_000_000)[0].startswith("string without closing quote")
    assert fault(parse_json, '{"a": "' + "\\\\" * 500_000)[0].startswith("string without closing quote")
    assert parse_json(" " * 1_000_000 + "1").plain() == 1
    assert len(parse_yaml("- a\n" * (MOST - 1))[0].items) == MOST - 1
    assert fault(parse_yaml, "- a\n" * MOST)[0].startswith(f"more than {MOST:,} keys and values")


@pytest.mark.parametrize("parse", [parse_json, lambda text: parse_yaml(text)[0]])
def test_numbers_of_many_digits_are_infinite(parse):
    assert parse("9" * 10_000).plain() == math.inf
    assert parse("-" + "9" * 10_000).plain() == -math.inf
    assert type(parse("1.5e3").plain()) is float
    assert parse("1e999").plain() == math.inf


@given(VALUES)
def test_yaml_reads_json(value):
    text = json.dumps(value)
    if "\\ud" not in text:  # YAML has no surrogate pairs
        assert parse_yaml(text)[0].plain() == parse_json(text).plain()


def test_yaml_places_are_true():
    text = "# 注释 😀\nkind: Pod  # Pod 的种类\nmetadata:\n  名字: \"网桥\"\r\n  list:\n  - a: 1\n    b: [x, 'y']\n  - |\n    text\n"
    root = parse_yaml(text)[0]
    assert [source for source, _ in spans(root, text)] == [
        "kind", "Pod", "metadata", "名字", '"网桥"', "list", "a", "1", "b", "x", "'y'", "|\n    text\n"
    ]  # fmt: skip
    assert text[slice(*root.span(["metadata", "list", 0]))] == "a: 1\n    b: [x, 'y']"
    assert root.plain() == {"kind": "Pod", "metadata": {"名字": "网桥", "list": [{"a": 1, "b": ["x", "y"]}, "text\n"]}}


@pytest.mark.parametrize(
    "word, value",
    [
        ("yes", True), ("On", True), ("n", False), ("FALSE", False), ("~", None), ("", None), ("null", None), ("0644", 420), ("0x1F", 31),
        ("-17", -17), ("1_000", 1000), ("1.5", 1.5), ("1e3", 1000.0), (".5", 0.5), ("12:30", "12:30"), ("2016-07-11", "2016-07-11"),
        ("v1", "v1"), ("1.3.0", "1.3.0"), ("'yes'", "yes"), ('"1"', "1"), ("!!str 1", "1"), ("100m", "100m"), ("=", "="), (".inf", math.inf),
    ],
)  # fmt: skip
def test_yaml_words_mean_what_kubernetes_reads(word, value):
    node = parse_yaml(f"- {word}\n")[0].items[0]
    assert node.value == value and type(node.value) is type(value)


@pytest.mark.parametrize(
    "text, message, place",
    [
        ("a: &x [1]\nb: *x\n", "alias; write the value out where it counts", "*x"),
        ("a:\n  <<: {b: 1}\n", "merge key; write the values out where they count", "<<"),
        (
            "a: !!python/object:os.system x\n",
            "tag !!python/object:os.system; a manifest takes none, delete it",
            "!!python/object:os.system x",
        ),
        ("a: !own x\n", "tag !own; a manifest takes none, delete it", "!own x"),
        ("? [a]\n: b\n", "a key is a list or an object; write text", "["),
        ("a:\n\t- b\n", "tab in the indentation; YAML takes blanks", "\t"),
        ("a: b: c\n", "a second colon in one line; put the value in quotes, or on a line of its own", ":"),
        ("é: 'x\n", "no closing quote; write one", "'"),
        ("é: a\x01b\n", "character U+0001 has no place in YAML; delete it", "\x01"),
        ("spec:\n  a: 1\n[...]\n", "no colon after this key; write one, and a value", "["),
        ("m:\n  a: b\n c: d\n", "neither a key of this level nor of another; look at the indentation of this line and the one before", "c"),
        ("- a\nb: c\n", "an item of a list starts with a dash; look at the indentation of this line", "b"),
        ("a: @b\n", "a value cannot start with this character; put the value in quotes", "@"),
        ("a: {b\n", "neither a comma nor } after a value of this object; write one", "{"),
    ],
)
def test_yaml_fault_is_named_where_it_is(text, message, place):
    assert fault(parse_yaml, text) == (message, place)


def test_yaml_of_several_documents_and_of_none():
    assert [root.plain() for root in parse_yaml("a: 1\n---\nb: 2\n")] == [{"a": 1}, {"b": 2}]
    assert parse_yaml("# nothing\n") == []


def test_yaml_keeps_doubled_keys():
    root = parse_yaml("a: 1\nb: 2\na: 3\n")[0]
    assert [(member.key, member.start) for member in root.doubled()] == [("a", 10)]
    assert root.plain() == {"a": 3, "b": 2}


@given(st.text(max_size=60) | st.text(st.sampled_from("a:-[]{}&*!|>'\"%@`#,? \n\t0~\\"), max_size=40))
def test_yaml_of_any_text_is_read_or_refused(text):
    if any("\ud800" <= char <= "\udfff" for char in text):
        return
    try:
        roots = parse_yaml(text)
    except Broken as error:
        assert error.message and 0 <= error.start <= len(text)
    else:
        for root in roots:
            for source, _ in spans(root, text):
                assert isinstance(source, str)
