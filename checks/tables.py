"""Checks of the tables in `snippets/flags/`: each cell that a machine can read agrees with the facts."""

from collections import Counter
from functools import cache

from checks import markdown
from checks.facts import load
from checks.findings import check

# What a cell says where the facts hold no literal; the empty string is written `""`.
WORDS = {
    "en": {
        None: "—", "unknown": "unknown", True: "yes", False: "no", "depends": "depends", "read": "read", "written": "written",
        "ignored": "ignored", "pod": "Pod", "rkt-pod": "rkt pod", "rkt-app": "app of the rkt pod", "image": "image",
    },
    "zh": {
        None: "—", "unknown": "不详", True: "是", False: "否", "depends": "视情况", "read": "读取", "written": "写入",
        "ignored": "忽略", "pod": "Pod", "rkt-pod": "rkt pod", "rkt-app": "rkt pod 中的 app", "image": "镜像",
    },
}  # fmt: skip
TABLES = ("kubelet", "local-up-cluster", "gce", "cni-bridge", "cni-host-local", "cni-flannel", "annotations", "rkt")
RKT_TAGS = ("v1.13.0", "v1.30.0")


@check()
def flag_table_agrees_with_facts(tree):
    """Each row of the table of kubelet flags has the name, type, default and releases that the facts have.

    Type and default are those of the release in the column *From*; `1.3` there means 1.3 or earlier. A release
    that the sources leave open is `unknown` (`不详`), and `—` in the columns *Deprecated* and *Removed* means that
    it did not happen up to 1.7, the last release whose flags were read. Where the type or the default changed
    later, the last cell names the release of the change.

    Correct the cell. If the facts are wrong, correct `checks/facts/kubelet-flags.json` and name the source there.

    Source: `cmd/kubelet/app/options/options.go` of a 1.3.x branch, and the generated pages of 1.5 to 1.7; pull
    requests in the file.
    """
    for file, lang, table in _tables(tree, "kubelet"):
        yield from _disagreements(file, table, _kubelet(lang))
        for cells in filter(None, table.rows):
            yield from _unsaid_changes(file, cells)


@check()
def variable_table_agrees_with_facts(tree):
    """The tables of variables hold every variable of their script, with its default and its values.

    The tables are `local-up-cluster` (`hack/local-up-cluster.sh`) and `gce` (`cluster/gce/config-default.sh`). A
    variable that stands in the wrong one of them does nothing when a reader sets it: the first script knows no
    prefix, the second mostly wants `KUBE_`. A default that the script computes is `—`, one that is not known for
    1.3 is `unknown` (`不详`). Values are compared where the facts list them, otherwise they are free text.

    Correct the cell, or add the row. If the facts are wrong, correct `checks/facts/env-vars.json` and name the
    source there.
    """
    for name in ("local-up-cluster", "gce"):
        for file, lang, table in _tables(tree, name):
            yield from _disagreements(file, table, _variables(name, lang), complete=True)


@check()
def cni_table_agrees_with_facts(tree):
    """The tables of CNI keys hold every key of their plugin, with type, default, whether it is required, and who knows it.

    *Known to* is `CNI 0.3.0` for keys of the plugins inside rkt, which later plugins know as well; `plugins 1.x`
    or `flannel-io/cni-plugin` for keys that came later; `CNI spec` for those of every network. Plugins ignore a
    key that they do not know, without a word, so an invented key such as `addIf` would mislead a reader and
    nothing else would tell.

    Correct the cell, or add the row. If the facts are wrong, correct `checks/facts/cni.json` and name the source
    there.

    Source: the plugins' code, as `checks/facts/cni.json` names it.
    """
    for name, plugin in (("cni-bridge", "bridge"), ("cni-host-local", "host_local"), ("cni-flannel", "flannel")):
        for file, lang, table in _tables(tree, name):
            yield from _disagreements(file, table, _cni(plugin, lang), complete=True)


@check()
def annotation_table_agrees_with_facts(tree):
    """The table of annotations holds every key that the rkt code of the kubelet knows: on what, read or written, since when.

    Correct the cell, or add the row. If the facts are wrong, correct `checks/facts/annotations.json` and name the
    source there.

    Source: `pkg/kubelet/rkt/rkt.go` of Kubernetes, of July 2016 and in its last form.
    """
    for file, lang, table in _tables(tree, "annotations"):
        yield from _disagreements(file, table, _annotations(lang), complete=True)


@check()
def rkt_table_agrees_with_facts(tree):
    """Each row of the table of rkt commands says what rkt 1.13.0 and rkt 1.30.0 have: the flag's type and default, or `—`.

    A row is a command, or a command with a flag; flags that every command takes stand with the command `rkt`. A
    cell holds the type, then the default where there is one; in a row without a flag it says whether that rkt has
    the command.

    Correct the cell. If the facts are wrong, correct `checks/facts/rkt-cli.json` and name the source there.

    Source: `rkt/*.go` of rkt at its tags v1.13.0 and v1.30.0.
    """
    for file, lang, table in _tables(tree, "rkt"):
        yield from _disagreements(file, table, _rkt(lang), key=2)


@check(whole=True)
def flag_tables_have_the_same_rows(tree):
    """Each table is there in both languages, with the same rows in the same order and the same inline code; no cell is empty.

    The checks of the single tables compare with the facts; this one compares the languages, also in the cells that
    people read. A table's file holds one table and nothing else, and every row has as many cells as the header.
    Write `—` where a cell has nothing to say. A new table needs a check that compares it with facts, so a file of
    another name is a finding.
    """
    known = ", ".join(TABLES)
    for file in tree.snippets("flags"):
        name, lang = _name(file)
        if name not in TABLES or lang not in WORDS:
            yield file.place(0), f"is not one of the tables that are compared with facts, in en or zh: {known}"
            continue
        other = tree.snippet(f"flags/{name}.{'zh' if lang == 'en' else 'en'}.md")
        if other is None:
            yield file.place(0), f"has no counterpart {name}.{'zh' if lang == 'en' else 'en'}.md"
        found = file.tables
        if len(found) != 1:
            yield file.place(0), f"holds {len(found)} tables; it should hold one and nothing else"
            continue
        yield from _broken_rows(file, found[0])
        if other is not None and lang == "zh" and len(other.tables) == 1:
            yield from _differences(file, found[0], other.tables[0])


def _name(file) -> tuple[str, str]:
    """`kubelet` and `en` for `…/kubelet.en.md`."""
    parts = file.path.rsplit("/", 1)[-1].removesuffix(".md").rsplit(".", 1)
    return parts[0], parts[1] if len(parts) > 1 else ""


def _tables(tree, name: str):
    """The files of a table, each with its language and its one table."""
    for file in tree.snippets("flags"):
        own, lang = _name(file)
        found = file.tables
        if own == name and lang in WORDS and len(found) == 1:
            yield file, lang, found[0]


def _said(value, lang: str) -> str:
    """A value that is a release, a word or nothing."""
    return WORDS[lang].get(value, value)


def _literal(value: str | None) -> str:
    """A value that a reader could type."""
    return "—" if value is None else f"`{value}`" if value else '`""`'


def _kubelet(lang: str) -> dict:
    """For each first cell what the others say: the column's name, its number, its text."""
    return {
        (f"`--{flag['name']}`",): [
            ("type", 1, _literal(flag["type"])),
            ("default", 2, _literal(flag["default"])),
            ("first release", 3, _said(flag["from"], lang)),
            ("release of deprecation", 4, _said(flag["deprecated_in"], lang)),
            ("release of removal", 5, _said(flag["removed_in"], lang)),
        ]
        for flag in load("kubelet-flags")["flags"]
    }


def _variables(table: str, lang: str) -> dict:
    known = {}
    for variable in load("env-vars")["variables"]:
        if variable["table"] == table:
            default = variable.get("value", variable["default"])
            cells = [("default", 1, _said(default, lang) if default == "unknown" else _literal(default))]
            if isinstance(variable["values"], list):
                cells.append(("list of values", 2, ", ".join(map(_literal, variable["values"]))))
            known[(f"`{variable['name']}`",)] = cells
    return known


def _cni(plugin: str, lang: str) -> dict:
    facts, found = load("cni"), []
    if plugin == "bridge":
        general = facts["network_config"]["keys_single"]
        found += [(key, general["called"]) for key in general["0.1.0-0.4.0"] if key["key"] in ("name", "type", "cniVersion")]
    for part in facts["plugins"][plugin].values():
        if "called" in part:
            found += [(key, part["called"]) for key in part.get("keys", []) + part.get("keys_added", [])]
    return {
        (f"`{key['key']}`",): [
            ("type", 1, _literal(key["type"])),
            ("default", 2, _literal(key.get("value", key["default"]))),
            ("column Required", 3, _said(key["required"] if isinstance(key["required"], bool) else "depends", lang)),
            ("plugin set", 4, called),
        ]
        for key, called in found
    }


def _annotations(lang: str) -> dict:
    return {
        (f"`{key['key']}`",): [
            ("object", 1, _said(key["on"], lang)),
            ("direction", 2, _said(key["direction"], lang)),
            ("first release", 3, _said(key["since"], lang)),
        ]
        for key in load("annotations")["annotations"]
    }


def _rkt(lang: str) -> dict:
    known: dict = {}
    for column, tag in enumerate(RKT_TAGS, 2):
        facts = load("rkt-cli")["tags"][tag]
        commands = {"rkt": facts["global_flags"]} | {f"rkt {name}": command["flags"] for name, command in facts["commands"].items()}
        for command, flags in commands.items():
            known.setdefault((f"`{command}`", "—"), {})[column] = {"en": "yes", "zh": "有"}[lang]
            for flag in flags:
                cell = _literal(flag["type"]) + ("" if flag["default"] is None else f", {_literal(flag['default'])}")
                known.setdefault((f"`{command}`", f"`--{flag['name']}`"), {})[column] = cell
    return {
        key: [(f"column rkt {tag[1:]}", column, cells.get(column, "—")) for column, tag in enumerate(RKT_TAGS, 2)]
        for key, cells in known.items()
    }


def _disagreements(file, table, known: dict, complete: bool = False, key: int = 1):
    """Where a table says something else than the facts; with `complete`, also what it leaves out."""
    width = 2 + max(column for cells in known.values() for _, column, _ in cells)  # the last column is for people
    if len(table.header) < width:
        yield file.place(table.start), f"the table has {len(table.header)} columns; it should have {width}"
        return
    rows = [cells for cells in table.rows if len(cells) == len(table.header)]
    names = [tuple(cell.text for cell in cells[:key]) for cells in rows]
    for number, (name, cells) in enumerate(zip(names, rows)):
        if name not in known:
            yield file.place(cells[0].start, cells[key - 1].end), f"the facts know no {_plain(name)}{_nearest(name, known)}"
        elif name in names[:number]:
            yield file.place(cells[0].start, cells[key - 1].end), f"{_plain(name)} has a row already"
        for label, column, text in known.get(name, ()):
            if cells[column].text != text:
                said = cells[column].text or "nothing"
                yield (
                    file.place(cells[column].start, cells[column].end),
                    f"the {label} of {_plain(name)} is {text} by the facts, not {said}",
                )
    for name in known if complete else ():
        if name not in names:
            yield file.place(table.start), f"there is no row for {_plain(name)}"


@cache
def _flags_of_rows() -> dict[str, dict]:
    """The facts of each kubelet flag, by what the first cell of its row says."""
    return {f"`--{flag['name']}`": flag for flag in load("kubelet-flags")["flags"]}


def _unsaid_changes(file, cells):
    """Later types and defaults of a flag whose release the row's last cell does not name."""
    for release, change in _flags_of_rows().get(cells[0].text, {}).get("changes", {}).items():
        release, what = release.removesuffix("-dev"), " and ".join(k for k in ("type", "default") if k in change)
        if what and release not in cells[-1].text:
            yield (
                file.place(cells[-1].start, cells[-1].end),
                f"does not say that the {what} of {_plain([cells[0].text])} changed in {release}",
            )


def _broken_rows(file, table):
    for cells in table.rows:
        if len(cells) != len(table.header):
            start = cells[0].start if cells else table.start
            yield file.place(start), f"the row has {len(cells)} cells, the header {len(table.header)}"
        for cell in cells:
            if not cell.text:
                yield file.place(cell.start), "the cell is empty; write — if there is nothing to say"


def _differences(file, table, english):
    """Where the Chinese table has other rows, or other inline code in a row, than the English one."""
    rows = [cells[0].text if cells else "" for cells in english.rows]
    for number, cells in enumerate(filter(None, table.rows)):
        name = cells[0].text
        if number >= len(rows) or name != rows[number]:
            wanted = (
                f"row {number + 1} of the English table is {rows[number]}" if number < len(rows) else "the English table ends before it"
            )
            yield file.place(cells[0].start, cells[0].end), f"row {number + 1} is {name}, but {wanted}"
            return
        for cell, other in zip(cells[1:], english.rows[number][1:]):
            code = [Counter(each.text for each in markdown.codes(text)) for text in (cell.text, other.text)]
            if missing := " and ".join(f"`{text}`" for text in (code[1] - code[0])):
                yield file.place(cell.start, cell.end), f"the English cell names {missing}"
            if extra := " and ".join(f"`{text}`" for text in (code[0] - code[1])):
                yield file.place(cell.start, cell.end), f"the English cell does not name {extra}"
    if len(table.rows) < len(rows):
        yield file.place(table.start), f"the row {rows[len(table.rows)]} of the English table is missing"


def _plain(name) -> str:
    return " ".join(part.strip("`") for part in name if part != "—")


def _nearest(name, known) -> str:
    import difflib

    near = difflib.get_close_matches(_plain(name), map(_plain, known), 1)
    return f" (did you mean {near[0]}?)" if near else ""
