"""Checks of names in pages and snippets: flags, variables, annotations and rkt commands are real, and in a table."""

import re

from checks import markdown
from checks.facts import load
from checks.findings import check
from checks.names import (
    Name,
    annotations,
    in_codes,
    in_pages,
    in_snippets,
    in_tables,
    kubelet_flags,
    rkt_commands,
    rkt_flags,
    rows_of,
    variables,
)

# The tables of the variables that a script reads.
SCRIPTS = {"hack/local-up-cluster.sh": "local-up-cluster", "cluster/kube-up.sh": "gce"}
_BARE = re.compile(r"(?<![\w/-])--[a-z][\w-]*|(?<![\w/.#-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])")


@check()
def name_is_in_the_facts(tree):
    """Each flag, variable, annotation and rkt command in inline code is one that a program really has.

    A flag that stands alone (`--rkt-path`) has to be one of the kubelet, of rkt, or of a program in
    `checks/facts/other-names.json`. A flag behind the name of its program (`rkt list --full`) has to belong to
    that program and, for rkt, to that command. A variable is a word in capitals with an underscore in it; an
    annotation is a key with a domain below `kubernetes.io`, or in `appc.io`. In snippets, annotations and exported
    variables are looked at; the commands there have checks of their own.

    Correct the spelling; the message offers the nearest name. A flag or variable of another program that is right
    is added to `checks/facts/other-names.json`, with its source.

    Source: `kubelet-flags.json`, `rkt-cli.json`, `env-vars.json`, `annotations.json` and `cni.json` in
    `checks/facts/`.
    """
    for name in in_pages(tree) + in_tables(tree) + [each for each in in_snippets(tree) if each.kind in ("variable", "annotation")]:
        known, what = _known(name)
        if name.name not in known:
            yield name.place, f"{what} {name.name}{_nearest(name.name, known)}"


@check()
def name_stands_in_inline_code(tree):
    """A flag or a variable in a page's prose stands in inline code.

    Outside of it no check looks at the name, two dashes may be shown as one, and a reader cannot tell where the
    name ends. Put backticks around it: `--rkt-path`, `RKT_PATH`.
    """
    for page in tree.pages():
        plain = page.plain
        for link in page.links:
            plain = markdown.blank(plain, link.target_start, link.end)
        for match in _BARE.finditer(plain):
            yield page.place(*match.span()), f"{match[0]} stands outside of inline code; put it between backticks"


@check(whole=True)
def name_is_in_a_table(tree):
    """Each kubelet flag, variable, annotation and rkt command that a page or a snippet names has a row in a table.

    Who meets a name in the guide finds it in the reference. Add a row to the table in `snippets/flags/`, in both
    languages: kubelet flags to `kubelet`, variables to `local-up-cluster` or `gce`, annotations to `annotations`,
    commands and flags of rkt to `rkt`. Names that no facts know are left to the other checks.
    """
    rows = _rows(tree)
    for name in in_pages(tree) + in_tables(tree) + in_snippets(tree):
        wanted = rows_of(name)
        if wanted and not any(keys & rows.get(table, set()) for table, keys in wanted.items()):
            yield name.place, f"{name.name} has no row in the table {' or '.join(wanted)}"


@check(whole=True)
def table_row_is_used(tree):
    """Each row of the tables of kubelet flags and of rkt commands is named somewhere else in the guide.

    These two tables hold a choice: what the guide uses. A row that nothing names is noise, or something was
    forgotten elsewhere. Delete the row in both languages, or write about it. The other tables are complete, so
    they may have rows of no further use.
    """
    for table in ("kubelet", "rkt"):
        elsewhere = in_pages(tree) + in_snippets(tree) + [name for name in in_tables(tree) if _table(name.file) != table]
        used = {key for name in elsewhere for key in rows_of(name).get(table, ())}
        for file in tree.snippets("flags"):
            for found in file.tables if _table(file) == table else ():
                for cells in found.rows:
                    if cells and _row(table, cells) not in used:
                        yield file.place(cells[0].start, cells[0].end), f"{' '.join(_row(table, cells))} is named nowhere else in the guide"


@check()
def later_flag_names_its_release(tree):
    """A section that names a kubelet flag which came after 1.3 names the release that it came with.

    The guide speaks of Kubernetes 1.3 unless it says otherwise, and a kubelet of 1.3 ends at once with a flag of later
    releases, such as `--cni-conf-dir` of 1.4. Say in the same section since when the flag exists; the table of
    kubelet flags has the release.
    """
    for name in in_pages(tree):
        table = rows_of(name)
        release = kubelet_flags()[name.name]["from"] if list(table) == ["kubelet"] else "1.3"
        if release not in ("1.3", "unknown") and not re.search(rf"(?<![\d.]){re.escape(release)}(?!\d|\.\d)", _section(name)):
            yield name.place, f"{name.name} came with {release}; this section does not say so"


@check()
def deprecated_flag_is_called_so(tree):
    """A page that names a kubelet flag which was deprecated in 1.3 already says that it is deprecated.

    A reader who starts with such a flag should learn of its end at once, and on the page that they read. Write the
    word deprecated (弃用) on the page, near the flag.
    """
    words = {"en": "deprecated", "zh": "弃用"}
    for page in tree.pages():
        found = [name for name in in_codes(page) if kubelet_flags().get(name.name, {}).get("deprecated_in") == "1.3"]
        if found and words[page.lang] not in page.prose.lower():
            yield found[0].place, f"{found[0].name} is deprecated since 1.3; the page does not say so (with the word {words[page.lang]})"


@check()
def boolean_flag_is_joined_with_its_value(tree):
    """The value of a boolean flag stands behind an equals sign: `--reconcile-cidr=false`.

    The flag alone means true, so with a blank instead the flag is true and the value a stray word: the opposite of
    what was meant may happen, and nothing says so. Write an equals sign instead of the blank.
    """
    for name in in_pages(tree) + in_tables(tree) + in_snippets(tree):
        if name.kind == "flag" and name.after in ("true", "false"):
            facts = [kubelet_flags()] * (name.owner in ("", "kubelet")) + [rkt_flags(name.owner)] * (name.owner != "kubelet")
            if {each[name.name]["type"] for each in facts if name.name in each} == {"bool"}:
                yield name.place, f"the value of {name.name} stands behind a blank; write {name.name}={name.after}"


@check()
def exported_variable_is_read_by_its_script(tree):
    """A variable that a transcript exports is one that the script below it reads, with a value that the script knows.

    `hack/local-up-cluster.sh` reads `CONTAINER_RUNTIME`, the scripts for GCE read `KUBE_CONTAINER_RUNTIME`. The
    wrong one of the two does nothing, and no program complains. A transcript that names neither script may export
    a variable of either.

    Source: `checks/facts/env-vars.json`.
    """
    for file in tree.snippets("shell"):
        scripts = [script for script in SCRIPTS if re.search(rf"^[$>] .*{re.escape(script)}", file.text, re.M)] or list(SCRIPTS)
        tables = [SCRIPTS[script] for script in scripts]
        read = {each["name"]: each["values"] for each in load("env-vars")["variables"] if each["table"] in tables}
        for match in re.finditer(r"^\$ export (?P<name>\w+)=(?P<value>\S*)", file.text, re.M):
            values = read.get(match["name"])
            if match["name"] not in variables():
                continue  # a name that nobody knows is a finding of `name_is_in_the_facts`
            if values is None:
                reads = f"{scripts[0]} reads no" if len(scripts) == 1 else f"neither {' nor '.join(scripts)} reads a"
                yield file.place(*match.span("name")), f"{reads} variable {match['name']}{_nearest(match['name'], read)}"
            elif isinstance(values, list) and match["value"].strip("\"'") not in values:
                said = ", ".join(value or '""' for value in values)
                yield file.place(*match.span("value")), f"{match['name']} takes one of these values: {said}"


def _known(name: Name) -> tuple[set[str], str]:
    """The names that a name may be, and how a message about another one starts."""
    others = load("other-names")["flags"]
    if name.kind == "annotation":
        return set(annotations()), "there is no annotation"
    if name.kind == "variable":
        return set(variables()), "no script reads a variable"
    if name.kind == "command":
        return set(rkt_commands()), "there is no command"
    if name.owner in others:
        return {f"--{flag}" for flag in others[name.owner]["flags"]}, f"the facts know no flag of {name.owner} called"
    if name.owner == "kubelet":
        return set(kubelet_flags()), "the kubelet has no flag"
    if name.owner:
        return set(rkt_flags(name.owner)), f"{name.owner} has no flag"
    named = {f"--{flag}" for each in others.values() for flag in each["flags"]}
    return {*kubelet_flags(), *rkt_flags(""), *named}, "neither the kubelet nor rkt nor another program in the facts has a flag"


def _table(file) -> str:
    return file.path.rsplit("/", 1)[-1].split(".")[0]


def _row(table: str, cells) -> tuple[str, ...]:
    """What a row is about, as `names.rows_of` says it."""
    return tuple(cell.text.strip("`") for cell in cells[: 2 if table == "rkt" else 1] if cell.text != "—")


def _rows(tree) -> dict[str, set]:
    """The rows of each table."""
    rows: dict[str, set] = {}
    for file in tree.snippets("flags"):
        for table in file.tables:
            rows.setdefault(_table(file), set()).update(_row(_table(file), cells) for cells in table.rows)
    return rows


def _section(name: Name) -> str:
    """The text of the section of a page that a name stands in, without the sections below it."""
    starts = [0, *(heading.start for heading in name.file.headings), len(name.file.text)]
    start = max(at for at in starts if at <= name.start)
    return name.file.text[start : min(at for at in starts if at > name.start)]


def _nearest(name: str, known) -> str:
    import difflib

    near = difflib.get_close_matches(name, sorted(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""
