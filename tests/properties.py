"""What holds of every text that a parser is given: `test_parsers.py` asks with Hypothesis, `fuzz_parsers.py` guided by coverage.

Each property is a function of a text that raises `AssertionError`, or whatever the parser should not have raised.
"""

import json
import math

from conftest import ROOT

from checks import findings, markdown, svg
from checks.addresses import address, address_words, network, network_words
from checks.documents import Broken, Node, parse_json, parse_yaml
from checks.kinds import KIND_NAMES
from checks.markdown import without_codes
from checks.shell import commands, simple_commands
from checks.tree import File, Page, Tree
from checks.units import settings

# The programs that this check asks take longer than all parsers together.
NOT_ASKED = ("transcript_is_valid_bash",)
FILES = {
    "cni": "10-a.conf", "pod": "a.yaml", "unit": "a.service", "console": "a.console", "flags": "kubelet.en.md", "diagram": "a.en.svg",
    "env": "a.env", "page": "a.md",
}  # fmt: skip


def inside(text: str, start: int, end: int | None = None) -> None:
    """A span lies in its text."""
    assert 0 <= start <= (start if end is None else end) <= len(text), (start, end, len(text))


def _refused(text: str, fault: Broken) -> None:
    inside(text, fault.start, fault.end)
    assert fault.message and "\n" not in fault.message


def _nested(node: Node) -> None:
    """What is in a node lies in its span, one behind the other."""
    at = node.start
    for start, end, inner in [(m.start, m.end, m.node) for m in node.members] + [(item.start, item.start, item) for item in node.items]:
        assert at <= start <= end <= inner.start <= inner.end <= node.end, (node.kind, node.start, node.end, inner)
        at = inner.end
        _nested(inner)


def _number(text: str) -> float:
    return float(text) if len(text) < 300 else math.inf


def json_text(text: str) -> None:
    """JSON is accepted and understood as the standard library does it, with each key and value where it stands."""
    try:
        wanted, refused = json.loads(text, parse_constant=lambda _: 1 / 0, parse_int=_number, parse_float=_number), False
    except (ValueError, RecursionError, ZeroDivisionError):
        wanted, refused = None, True
    try:
        root = parse_json(text)
    except Broken as fault:
        assert refused or fault.message.startswith(("nested more than", "more than ")), fault.message
        return _refused(text, fault)
    assert not refused
    _nested(root)
    _same(root, wanted, text)


def _same(node: Node, wanted: object, text: str) -> None:
    if isinstance(wanted, dict):
        assert {member.key: None for member in node.unique()}.keys() == {_whole(key) for key in wanted}
        for member in node.members:
            assert _whole(json.loads(text[member.start : member.end])) == member.key
    elif isinstance(wanted, list):
        for item, inner in zip(node.items, wanted, strict=True):
            _same(item, inner, text)
    elif isinstance(wanted, str):
        assert node.value == _whole(wanted)
    elif isinstance(wanted, float):
        assert float(node.value) == wanted
    else:
        assert node.value is wanted


def _whole(text: str) -> str:
    """A text as Go has it: a replacement character for half of a pair."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def yaml_text(text: str) -> None:
    """YAML is read or refused, with all keys and values where they stand."""
    try:
        roots = parse_yaml(text)
    except Broken as fault:
        return _refused(text, fault)
    for root in roots:
        inside(text, root.start, root.end)
        _nested(root)
        root.plain()
        list(root.doubled())


def page_text(text: str) -> None:
    """The parts of a page stand where they say, and what is hidden is blanked without moving anything."""
    page = Page("docs/en/a.md", text, "en")
    for blanked in (page.prose, page.plain, without_codes(text)):
        assert [len(line) for line in blanked.split("\n")] == [len(line) for line in text.split("\n")]
        assert all(new in (old, " ") for old, new in zip(text, blanked, strict=True))
    for fence in page.fences:
        assert text[fence.body_start :].startswith(fence.body)
    for part in [*page.fences, *page.includes, *page.headings, *page.codes, *page.links]:
        inside(text, part.start, part.end)
    for heading in page.headings:
        assert heading.id is None or text[heading.id_start :].startswith(heading.id)
    for code in page.codes:
        assert text[code.start] == text[code.end - 1] == "`" and code.text in text[code.start : code.end]
    for link in page.links:
        assert page.prose[link.target_start :].startswith(link.target) or link.form == "reference"
    for table in page.tables:
        for cell in [*table.header, *(cell for row in table.rows for cell in row)]:
            assert page.prose[cell.start : cell.end] == cell.text
    for start, end, _ in markdown.tags(page.prose):
        assert text[start] == "<" and text[end - 1] == ">"


def transcript_text(text: str) -> None:
    """Each character of a command, and each word, stands in the transcript where it says."""
    for command in commands(text):
        for at, char in enumerate(command.text):
            assert char == "\n" or text[command.offset(at)] == char
        assert text[command.output_start :].startswith(command.output)
        at = 0
        for simple in simple_commands(command.text):
            for word in simple.words:
                inside(command.text, word.start, word.end)
            at = max([at, *(word.end for word in simple.words)])
        assert at <= len(command.text)


def unit_text(text: str) -> None:
    """Keys and values of a unit stand where they say."""
    for setting in settings(text):
        assert text[setting.start :].startswith(setting.key)
        assert text[setting.value_start :].startswith(setting.value) or "\\\n" in text


def svg_text(text: str) -> None:
    """Elements of an SVG stand where they say; what is no XML is refused at a place in it."""
    try:
        elements = svg.parse(text)
    except svg.Broken as fault:
        return inside(text, fault.offset)
    for element in elements:
        assert text[element.start :].startswith(f"<{element.name}")


def address_text(text: str) -> None:
    """What is wrong with an address is said exactly where it is no address, and what is offered instead is one."""
    for right, words in ((network(text), network_words(text)), (address(text), address_words(text))):
        assert bool(right) != bool(words)
        offered = words.rpartition("; write ")[2] if words else ""
        assert not words or any(read(offered.split()[-1]) for read in (network, address)) or ":" in words, words


def kind_text(kind: str, text: str) -> None:
    """All checks of a kind look at a file: nothing but findings in one line, each at a place in the file."""
    path = f"{'docs/en' if kind == 'page' else 'outside'}/{FILES[kind]}"
    file = Page(path, text, "en") if kind == "page" else File(path, KIND_NAMES[kind], text)
    tree = Tree(ROOT, [])
    tree._files = [file]
    lines = text.split("\n")
    names = [name for name, check in findings.load().items() if not check.needs and not check.whole and name not in NOT_ASKED]
    for finding in findings.run(tree, names):
        place = finding.place
        assert place.path == path and finding.message.replace("\t", "").isprintable()
        assert 1 <= place.line <= len(lines) and 1 <= place.column <= len(lines[place.line - 1]) + 1, finding
        assert place.width >= 1
        assert place.source == lines[place.line - 1].removesuffix("\r")


PARSERS = {
    "json": json_text, "yaml": yaml_text, "page": page_text, "transcript": transcript_text, "unit": unit_text, "svg": svg_text,
    "address": address_text,
}  # fmt: skip
