"""Files that nobody should give to a program: what `test_hostile.py` gives to the real command.

Each is a function without arguments that returns bytes, under a name that says what it holds. Most fill the largest file that is read.
"""

import json

LARGEST = 1024 * 1024
GOOD = '{\n  "name": "rkt.kubernetes.io",\n  "type": "bridge"\n}\n'


def filled(unit: str, before: str = "", after: str = "") -> bytes:
    """As many of a unit as fit into the largest file, with something before and behind them."""
    number = (LARGEST - len((before + after).encode())) // len(unit.encode())
    return (before + unit * number + after).encode()


def keys(form: str, before: str, between: str, after: str) -> bytes:
    """As many keys, each another, as fit; `form` makes one of a number."""
    parts, size, number = [], len(before + after), 0
    while size < LARGEST - 64:
        parts.append(form.format(number))
        size += len(parts[-1]) + len(between)
        number += 1
    return (before + between.join(parts) + after).encode()


# What the reader itself refuses, whatever the kind.
BYTES = {
    "broken UTF-8": lambda: b'{"name": "\xff\xfe\xc3"}\n',
    "UTF-8 cut in a character": lambda: '{"name": "网'.encode()[:-1],
    "surrogates in UTF-8": lambda: b'{"name": "\xed\xa0\x80"}\n',
    "overlong UTF-8": lambda: b'{"name": "\xc0\xaf"}\n',
    "UTF-16 little endian": lambda: GOOD.encode("utf-16-le"),
    "UTF-16 big endian": lambda: GOOD.encode("utf-16-be"),
    "UTF-16 with its mark": lambda: GOOD.encode("utf-16"),
    "UTF-32": lambda: GOOD.encode("utf-32"),
    "byte order mark": lambda: GOOD.encode("utf-8-sig"),
    "a NUL": lambda: b'{"name": "a\0b"}\n',
    "1 MiB of NUL": lambda: bytes(LARGEST),
    "1 MiB of 0xFF behind ASCII": lambda: b"a" * (LARGEST // 2) + b"\xff" * (LARGEST // 2),
    "100 MB, sparse": lambda: None,
    "100 MB, real": lambda: b"a: b\n" * (20 * LARGEST),
}

# What is text, for every kind.
TEXTS = {
    "nothing": lambda: b"",
    "blanks only": lambda: b"  \n \t\n",
    "no-break spaces and smart quotes": lambda: "{\u00a0\u201cname\u201d: \u2018rkt\u2019}\n".encode(),
    "1 MiB of blanks": lambda: filled(" "),
    "1 MiB of blanks, then a letter": lambda: filled(" ", "# a", "x"),
    "1 MiB of tabs in a line": lambda: filled("\t", "a", "x\t\n"),
    "1 MiB of line feeds": lambda: filled("\n"),
    "1 MiB of carriage returns": lambda: filled("\r"),
    "1 MiB in one line": lambda: filled("x"),
    "1 MiB of no-break spaces": lambda: filled("\u00a0"),
    "1 MiB of emoji": lambda: filled("\U0001f468\u200d\U0001f469"),
    "1 MiB of *": lambda: filled("*"),
    "1 MiB of [": lambda: filled("["),
    "1 MiB of ![": lambda: filled("![", "a"),
    "1 MiB of [a](": lambda: filled("[a]("),
    "1 MiB of [a][": lambda: filled("[a]["),
    "1 MiB of links": lambda: filled("[a](b.md#c) "),
    "1 MiB of addresses": lambda: filled("http://a.b "),
    "1 MiB of definitions": lambda: filled("[a]: b\n"),
    "1 MiB of backticks": lambda: filled("`"),
    "1 MiB of runs of backticks": lambda: filled("` `` ``` ```` "),
    "1 MiB of flags in backticks": lambda: filled("`--a` "),
    "1 MiB of known flags in backticks": lambda: filled("`kubelet --rkt-path` ", "# T\n\n"),
    "1 MiB of commands in backticks": lambda: filled("`rkt run --a` "),
    "1 MiB of fences": lambda: filled('``` json\n--8<-- "cni/a.conf"\n```\n'),
    "1 MiB of open fences": lambda: filled("~~~~ a\n"),
    "1 MiB of includes": lambda: filled('--8<-- "a"\n'),
    "1 MiB of comments": lambda: filled("<!-- a -->"),
    "1 MiB of open comments": lambda: filled("<!--"),
    "1 MiB of headings": lambda: filled("## a {#a}\n\n"),
    "1 MiB of boxes": lambda: filled("!!! note\n\n"),
    "1 MiB of -": lambda: filled("-"),
    "1 MiB of ,": lambda: filled(","),
    "1 MiB of |": lambda: filled("|"),
    "1 MiB of | lines": lambda: filled("|\n", "|a|b|\n|-|-|\n"),
    "1 MiB of tables": lambda: filled("|a|b|\n|-|-|\n|c|d|\n\n"),
    "1 MiB of dashes and bars": lambda: filled("|-", "|a|\n", " x"),
    '1 MiB of "': lambda: filled('"'),
    "1 MiB of '": lambda: filled("'"),
    "1 MiB of prompts": lambda: filled("$ "),
    "1 MiB of commands": lambda: filled("$ a\n"),
    "1 MiB of broken commands": lambda: filled("$ (\n"),
    "1 MiB of one command": lambda: filled("> a \\\n", "$ a \\\n"),
    "1 MiB of here-documents": lambda: filled("<<a ", "$ "),
    "1 MiB of substitutions": lambda: filled("$(", "$ "),
    "1 MiB of rkt": lambda: filled("$ rkt run --a b\n"),
    "1 MiB of words of rkt": lambda: filled(" aa", "$ rkt"),
    "1 MiB of flags of the kubelet": lambda: filled(" --aa=b", "$ kubelet"),
    "1 MiB of comments in a command": lambda: filled("> #\n", "$ #\n"),
    "1 MiB of output": lambda: filled("--- a\n", "$ ip route\n"),
    "1 MiB of continued lines": lambda: filled("a \\\n", "[Service]\nExecStart=/a "),
    "1 MiB of settings": lambda: filled("a=b\n", "[Service]\n"),
    "1 MiB of sections": lambda: filled("[a]\n"),
    "1 MiB of ExecStart": lambda: filled("ExecStart=a\n", "[Service]\n"),
    "1 MiB of kubelets": lambda: filled(" --a", "[Service]\nExecStart=/usr/bin/kubelet"),
    "1 MiB of variables": lambda: filled("A=1\n"),
    "1 MiB of block quotes": lambda: filled("> "),
    "100,000 lists in lists": lambda: b"".join(b" " * (n % 2000) + b"- a\n" for n in range(1000)) + filled("- ")[: LARGEST - 1200 * 1000],
}

JSON = {
    "as many keys as fit": lambda: keys('"{}":1', "{", ",", "}"),
    "the same key as often as fits": lambda: filled('"name":1,', "{", '"a":1}'),
    "known keys as often as fit": lambda: filled('"name":"a","NAME":"b",', "{", '"a":1}'),
    "a list of 1 MiB": lambda: filled("1,", "[", "1]"),
    "a list of lists": lambda: filled("[],", "[", "[]]"),
    "a list of routes": lambda: filled('{"dst":"a"},', '{"name":"a","type":"bridge","ipam":{"type":"host-local","routes":[', '{"dst":"b"}]}}'),
    "lists 100,000 deep": lambda: b"[" * 100_000 + b"]" * 100_000,
    "objects 100,000 deep": lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "objects 100 deep, as often as fit": lambda: filled('{"a":' * 90 + "1" + "}" * 90 + ",", "[", "1]"),
    "a string of 1 MiB": lambda: filled("x", '{"name": "', '"}'),
    "a string of escapes": lambda: filled("\\u00e9", '{"name": "', '"}'),
    "a string that is never closed": lambda: filled('\\"', '{"name": "'),
    "a number of 10,000 digits": lambda: b'{"mtu": ' + b"9" * 10_000 + b"}",
    "a fraction of 10,000 digits": lambda: b'{"mtu": 0.' + b"9" * 10_000 + b"}",
    "an exponent of 10,000 digits": lambda: b'{"mtu": 1e' + b"9" * 10_000 + b"}",
    "a number of 1 MiB": lambda: filled("9", '{"mtu": ', "}"),
    "a fraction of 1 MiB": lambda: filled("9", '{"mtu": 0.', "}"),
    "an address of 1 MiB": lambda: filled("1.", '{"type":"bridge","ipam":{"type":"host-local","subnet":"', '1/8"}}'),
    "a prefix of 10,000 digits": lambda: json.dumps({"type": "bridge", "ipam": {"type": "host-local", "subnet": "10.0.0.0/" + "9" * 10_000}}).encode(),
}  # fmt: skip

_CONTAINER = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
YAML = {
    "as many keys as fit, in YAML": lambda: keys("{}: 1", "", "\n", "\n"),
    "as many keys as fit, in one line": lambda: keys("{}: 1", "{", ",", "}"),
    "the same key": lambda: filled("a: 1\n"),
    "a list of 1 MiB, in YAML": lambda: filled("- a\n"),
    "as many containers as fit": lambda: keys("  - {{name: c{}, image: i, x: 1}}", _CONTAINER, "\n", "\n"),
    "as many ports as fit": lambda: keys(
        "    - {{containerPort: {}, hostPort: {}}}".replace("{}}}", "1}}"), _CONTAINER + "  - name: a\n    image: i\n    ports:\n", "\n", "\n"
    ),
    "as many mounts as fit": lambda: keys(
        "    - {{name: v{}, mountPath: /a}}", _CONTAINER + "  - name: a\n    image: i\n    volumeMounts:\n", "\n", "\n"
    ),
    "as many labels as fit": lambda: keys(
        "    a{}/: _", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n", "\n", "\n"
    ),
    "as many arguments of a kubelet as fit": lambda: keys(
        "    - --a{}", _CONTAINER + "  - name: a\n    image: i\n    command:\n    - kubelet\n", "\n", "\n"
    ),
    "aliases of aliases": lambda: ("a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 100))).encode(),
    "an anchor in itself": lambda: b"a: &a\n  b: *a\n",
    "merge keys": lambda: b"a: &a {b: 1}\nc:\n  <<: *a\n",
    "a tag that calls os.system": lambda: b'a: !!python/object/apply:os.system ["touch called"]\n',
    "a tag that makes an object": lambda: b"!!python/object/new:os.system [touch called]\n",
    "a tag of our own": lambda: b"a: !ENV [HOME]\n",
    "100,000 documents": lambda: filled("---\na: 1\n"),
    "empty documents": lambda: filled("---\n"),
    "a block of 1 MiB": lambda: filled("  x\n", "a: |\n"),
    "a folded block of 1 MiB": lambda: filled("  x\n\n", "a: >\n"),
    "a key of 1 MiB": lambda: filled("x", "? ", "\n: 1\n"),
    "a plain word over 1 MiB": lambda: filled("x\n ", "a: "),
    "flow lists 100,000 deep": lambda: b"[" * 100_000,
    "flow objects 100,000 deep": lambda: b"{a: " * 100_000,
    "lists 100,000 deep, in one line": lambda: b"- " * 100_000,
    "keys that are objects": lambda: b"? " * 100_000,
    "objects as deep as fit": lambda: b"".join(b" " * n + b"a:\n" for n in range(1400)),
    "anchors without end": lambda: keys("&a{} x", "- [", ", ", "]\n"),
    "comments of YAML": lambda: filled("# a\n"),
    "quotes that are never closed": lambda: filled("a\n", 'a: "'),
    "a number of 10,000 digits, in YAML": lambda: b"a: " + b"9" * 10_000 + b"\n",
    "a hexadecimal number of 10,000 digits": lambda: b"a: 0x" + b"e" * 10_000 + b"\n",
    "an octal number of 10,000 digits": lambda: b"a: -0" + b"7" * 10_000 + b"\n",
    "a binary number of 1 MiB": lambda: filled("1", "a: 0b"),
    "a fraction of 1 MiB, in YAML": lambda: filled("9", "a: ."),
    "quantities that are too large": lambda: (
        _CONTAINER + "  - name: a\n    image: i\n    resources:\n      limits: {cpu: 1e999999999, memory: 9" + "9" * 5000 + "Ei}\n"
    ).encode(),
}  # fmt: skip

_SVG = '<svg xmlns="http://www.w3.org/2000/svg" class="diagram" role="img">'
SVG = {
    "elements 100,000 deep": lambda: ("<g>" * 100_000 + "</g>" * 100_000).encode(),
    "code 30,000 deep": lambda: (_SVG + '<text class="code">x' * 24_000 + "</text>" * 24_000 + "</svg>").encode(),
    "as many elements as fit": lambda: filled("<g/>", _SVG, "</svg>"),
    "as many attributes as fit": lambda: keys('a{}=""', "<svg ", " ", "></svg>"),
    "as many ids as fit": lambda: keys('<g id="a{}"/>', _SVG, "", "</svg>"),
    "the same id": lambda: filled('<g id="a"/>', _SVG, "</svg>"),
    "an attribute of 1 MiB": lambda: filled("url(", '<svg a="', '"/>'),
    "references": lambda: filled("url(#a)", '<svg a="', '"/>'),
    "a billion laughs": lambda: (
        "<!DOCTYPE svg [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]><svg>&a11;</svg>"
    ).encode(),
    "an external entity": lambda: b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>\n',
    "an entity that nobody declared": lambda: b"<svg>&a;</svg>\n",
    "a section of characters": lambda: filled("]", "<svg><![CDATA[", "]]></svg>"),
    "instructions": lambda: filled("<?a b?>", "<svg>", "</svg>"),
    "an element that is never closed": lambda: filled("<g ", "<svg>"),
}  # fmt: skip


def article(unit: str, after: str = "", before: str = "") -> bytes:
    """A page of the built site as large as is read, whose article is full of a unit; a number takes the place of each `%d` in it."""
    parts, size = [], len(before + after) + 100
    while size < LARGEST:
        parts.append(unit.replace("%d", str(len(parts))))
        size += len(parts[-1])
    return f"<html><body><article>{before}{''.join(parts)}{after}</article></body></html>\n".encode()


LOST = '<a href="lost">x</a> <b id="z"></b><b id="z"></b>'
# Pages of the built site. In each is a fault that both checks of it see, be it at the end.
HTML = {
    "nothing": lambda: b"",
    "blanks only": lambda: b" \n\t\n",
    "a comment only": lambda: b"<!-- a -->",
    "a text only": lambda: b"rubbish\n",
    "every byte": lambda: bytes(range(256)) * 64,
    "broken UTF-8": lambda: b"<html><body><article>\xff\xc3</article></body></html>",
    "UTF-16": lambda: "<html><body><article>a</article></body></html>".encode("utf-16"),
    "UTF-16 without a mark": lambda: "<html><body><article>a</article></body></html>".encode("utf-16-le"),
    "a NUL": lambda: b"<html><body><article>\0</article></body></html>",
    "100 MB, sparse": lambda: None,
    "100,000 <div> in each other": lambda: b"<article>" + b"<div>" * 100_000,
    "100,000 <div> in each other, 10 MB": lambda: b"<article>" + (b"<div " + b"a" * 94 + b">") * 100_000,
    "250 <article> in each other": lambda: article("<b>x</b>", LOST, "<article>" * 250),
    "a million links": lambda: b"<article>" + b"<a href=a>a</a>" * 1_000_000,
    "1 MiB of links": lambda: article("<a href='#'>a</a>", LOST),
    "1 MiB of links, each another": lambda: article("<a id=%d href=#%d>", LOST),
    "1 MiB of links that are lost": lambda: article("<a href='%d'>a</a>", LOST),
    "1 MiB of fragments that are lost": lambda: article("<a id=x%d href='#y%d'>a</a>", LOST),
    "1 MiB in an address": lambda: article("x", "'>a</a>" + LOST, "<a href='"),
    "1 MiB in an attribute of sources": lambda: article("a, ", "'>" + LOST, "<img srcset='"),
    "1 MiB of ids that are the same": lambda: article("<b id=a>", LOST),
    "1 MiB of open elements": lambda: article("<p><b", LOST),
    "1 MiB of entities": lambda: article("&amp;&#x41;&x;", LOST),
    "1 MiB of blanks": lambda: article(" ", LOST),
    "1 MiB of -": lambda: article("-", LOST),
    "1 MiB of open attributes": lambda: article("a", LOST, "{#"),
    "1 MiB of {#": lambda: article("{#", LOST),
    "1 MiB of {%": lambda: article("{%", LOST),
    "1 MiB of [": lambda: article("[", LOST),
    "1 MiB of *": lambda: article("*", LOST),
    "1 MiB of ~": lambda: article("~", LOST),
    "1 MiB of |": lambda: article("|\n", LOST),
}
