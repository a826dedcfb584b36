"""Checks of names in pages and snippets: flags, variables, annotations and rkt commands are real, and in a table."""

import re
from functools import cache

from checks import arguments, markdown, releases
from checks.facts import load
from checks.findings import check
from checks.names import (
    Name,
    annotations,
    in_diagrams,
    in_pages,
    in_snippets,
    in_tables,
    in_texts,
    kubelet_flags,
    lists_of,
    rkt_commands,
    rkt_flags,
    rows_of,
    variables,
)
from checks.schemas import shown
from checks.sections import around, says, with_name
from checks.variables import fault_of_variable, is_nearly_one_of, used_in

_BARE = re.compile(r"(?<![\w/-])--[a-z][\w-]*|(?<![\w/.#-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])")
_DEPRECATED = {"en": re.compile("deprecated", re.I), "zh": re.compile("弃用")}


@check()
def name_is_in_the_facts(tree):
    """Each flag, variable, annotation and rkt command in inline code is one that a program really has.

    A flag that stands alone (`--rkt-path`) has to be one of the kubelet, of rkt, or of a program in
    `checks/facts/other-names.json`. A flag behind the name of its program (`rkt list --full`) has to belong to
    that program and, for rkt, to that command. A variable is a word in capitals with an underscore in it; an
    annotation is a key with a domain below `kubernetes.io`, or in `appc.io`. The words of diagrams are looked at as well,
    and in snippets annotations and exported variables; the commands there have checks of their own. A variable that a
    transcript uses itself is its own, and in a transcript that is not the guide's only a misspelling is looked for.

    Correct the spelling; the message offers the nearest name. A flag or variable of another program that is right
    is added to `checks/facts/other-names.json`, with its source.

    Source: `kubelet-flags.json`, `rkt-cli.json`, `env-vars.json`, `annotations.json` and `cni.json` in
    `checks/facts/`.
    """
    for name in in_texts(tree) + [each for each in in_snippets(tree) if each.kind in ("variable", "annotation") or each.owner == "checks"]:
        known, what = _known(name.kind, name.owner)
        if name.name in known or (name.kind == "variable" and name.file.kind == "shell" and _is_own(tree, name, known)):
            continue
        bare = name.name.lstrip("-")
        if f"--{bare}" in known:
            yield name.place, f"{name.name} is written --{bare}"
        elif name.owner.split(" ")[0] in ("kubelet", "rkt"):
            program = "the kubelet" if name.owner == "kubelet" else name.owner
            yield name.place, arguments.unknown(bare, program, [flag.removeprefix("--") for flag in known])
        else:
            yield name.place, f"{what} {name.name}{_nearest(name.name, known)}"


@check()
def name_stands_in_inline_code(tree):
    """A flag or a variable in a page's prose stands in inline code.

    Outside of it no check looks at the name, two dashes may be shown as one, and a reader cannot tell where the
    name ends. Put backticks around it: `--rkt-path`, `RKT_PATH`.
    """
    for page in tree.pages():
        plain = markdown.blanked(page.plain, [(link.target_start, link.end) for link in page.links])
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
    for name in in_texts(tree) + in_snippets(tree):
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
        elsewhere = in_snippets(tree) + [name for name in in_texts(tree) if name.file.kind != "flags" or _table(name.file) != table]
        used = {key for name in elsewhere for key in rows_of(name).get(table, ())}
        for file in tree.snippets("flags"):
            for found in file.tables if _table(file) == table else ():
                for cells in found.rows:
                    if cells and _row(table, cells) not in used:
                        yield file.place(cells[0].start, cells[0].end), f"{' '.join(_row(table, cells))} is named nowhere else in the guide"


@check()
def later_flag_names_its_release(tree):
    """Where a flag is named that not every release has, its release is named near by.

    The guide speaks of Kubernetes 1.3 and of rkt 1.13.0 to 1.30.0 unless it says otherwise. A kubelet of 1.3 ends at once
    with a flag of later releases, such as `--cni-conf-dir` of 1.4, and rkt 1.13.0 knows no `rkt list --format`. Near by
    is the same section of a page, or the same row of a table. Say there since when the flag or the command exists; the
    tables of the reference have the release.
    """
    for name in in_pages(tree) + in_tables(tree):
        release, forms = _release(name)
        if release and not says(name.file, name.start, name.name, re.compile(rf"(?<![\d.])(?:{forms})(?!\d|\.[1-9])")):
            yield name.place, f"{name.name} came with {release}; {_here(name)} does not say so"


@check()
def deprecated_flag_is_called_so(tree):
    """Where a flag is named that was deprecated in Kubernetes 1.3 or in rkt 1.30.0 already, that is said near by.

    A reader who starts with such a flag should learn of its end at once. Near by is the same section of a page, or the
    same row of a table; for a flag in a transcript, a unit, a Pod or a diagram it is each section that shows the file. Write
    the word deprecated (弃用) there.
    """
    for name in in_pages(tree) + in_tables(tree):
        if _deprecated(name) and not says(name.file, name.start, name.name, _DEPRECATED[_language(name.file)]):
            yield (
                name.place,
                f"{name.name} is {_deprecated(name)}; {_here(name)} does not say so (with the word {_DEPRECATED[_language(name.file)].pattern})",
            )
    for name in in_snippets(tree) + in_diagrams(tree):
        for page, text in around(tree, name.file) if _deprecated(name) else ():
            if not _DEPRECATED[page.lang].search(with_name(text, name.name)):
                yield name.place, f"{name.name} is {_deprecated(name)}; the section of {page.path} that shows this does not say so"


@check()
def boolean_flag_is_joined_with_its_value(tree):
    """In inline code, the value of a boolean flag stands behind an equals sign: `--reconcile-cidr=false`.

    The flag alone means true, so with a blank instead the flag is true and the value a stray word: the opposite of
    what was meant may happen, and nothing says so. Write an equals sign instead of the blank. In commands, the checks of
    commands say the same.
    """
    for name in in_texts(tree):
        if name.kind == "flag" and name.after in ("true", "false") and {flag["type"] for flag in _flags(name)} == {"bool"}:
            yield (
                name.file.place(name.after_end - len(name.after), name.after_end),
                f"{name.after} is no value of {name.name} behind a blank; write {name.name}={name.after}",
            )


@check()
def shown_value_is_accepted(tree):
    """A value that inline code shows with a flag or a variable is one that the program or the script takes.

    A kubelet ends at once where `--v` is no number or `--reconcile-cidr` no boolean, and so it does with a
    `CONTAINER_RUNTIME` that does not exist. Looked at are pages, tables and diagrams; a flag may be that of any program
    that has one of this name. Write what the message says.

    Source: `checks/facts/kubelet-flags.json`, `rkt-cli.json` and `env-vars.json`.
    """
    for name in in_texts(tree):
        if name.value is None:
            continue
        place = name.file.place(name.value_start, name.value_start + max(len(name.value), 1))
        if name.kind == "flag":
            faults = [arguments.fault_of_value(name.value, flag, surely=True) for flag in _flags(name)]
            if faults and all(faults):
                yield place, f"{name.name} is {shown(name.value)}; {faults[0]}"
        elif message := fault_of_variable(name.name, name.value, surely=True):
            yield place, message


@cache
def _known(kind: str, owner: str) -> tuple[set[str], str]:
    """The names that a name of a kind, behind an owner, may be, and how a message about another one starts."""
    others = load("other-names")["flags"]
    if kind == "annotation":
        return set(annotations()), "there is no annotation"
    if kind == "variable":
        return set(variables()), "no script reads a variable"
    if kind == "command":
        return set(rkt_commands()), "there is no command"
    if owner in others:
        return {f"--{flag}" for flag in others[owner]["flags"]}, f"the facts know no flag of {owner} called"
    if owner:
        return set(kubelet_flags() if owner == "kubelet" else rkt_flags(owner)), f"{owner} has no flag"
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


def _flags(name: Name) -> list[dict]:
    """The facts of each flag that a name in inline code may mean."""
    own = [kubelet_flags()] * (name.owner in ("", "kubelet")) + [rkt_flags(name.owner)] * (name.owner != "kubelet")
    return [flags[name.name] | lists_of(flags[name.name]) for flags in own if name.name in flags]


def _is_own(tree, name: Name, known: set[str]) -> bool:
    """Whether an exported variable is for another program than the scripts that the facts know, as far as one can tell."""
    return name.name in used_in(name.file) or (not tree.whole and not is_nearly_one_of(name.name, known))


def _release(name: Name) -> tuple[str, str]:
    """The release that a name came with, and the pattern of what says so; empty where it was there from the first, or the facts leave it open."""
    table = rows_of(name)
    if list(table) == ["kubelet"] and (release := kubelet_flags()[name.name]["from"]) not in ("1.3", "unknown"):
        return release, re.escape(release)
    if list(table) == ["rkt"] and "v1.13.0" not in {tag for command, *flag in table["rkt"] for tag in _tags(command, *flag)}:
        return "a rkt after 1.13.0", r"1\.13|1\.30"  # "1.13.0 has no such flag" says it as well
    return "", ""


def _tags(command: str, flag: str = "") -> tuple[str, ...]:
    """The tags of rkt that have a command, or a flag of it."""
    return rkt_commands()[command][flag]["tags"] if flag else releases.rkt_commands().get(command.removeprefix("rkt "), ())


def _deprecated(name: Name) -> str:
    """Since when all that a name may mean is deprecated, in words; empty where something is not."""
    if name.kind != "flag" or not _flags(name):
        return ""
    if {flag.get("deprecated_in") for flag in _flags(name)} == {"1.3"}:
        return "deprecated since 1.3"
    return "deprecated in rkt 1.30.0" if all("tags" in flag and flag.get("deprecated") for flag in _flags(name)) else ""


def _language(file) -> str:
    return "zh" if getattr(file, "lang", "") == "zh" or ".zh." in file.path else "en"


def _here(name: Name) -> str:
    return "this section" if name.file.kind == "page" else "this row"


def _nearest(name: str, known) -> str:
    import difflib

    near = difflib.get_close_matches(name, sorted(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""
