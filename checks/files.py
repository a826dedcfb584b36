"""Checks of files as such: can they be read, are they of a known kind, do they end as text files end."""

import re

from checks.findings import check
from checks.tree import KINDS


@check()
def file_is_readable_text(tree):
    """Every page and snippet is a plain file in UTF-8 of at most 1 MiB, without byte order mark and without NUL.

    A file that cannot be read is checked by nothing else, so it must not pass. Save it as UTF-8; replace a symbolic link or a
    device by a plain file; rename a file whose name holds characters that cannot be shown.

    Other limits are findings of the checks that read what is large: a document of JSON or YAML has at most 100,000 keys and
    values, a transcript at most 500 commands, or 64 KiB of them. Of one check and one file 200 findings are shown.
    """
    tree.files()
    yield from tree.unreadable


@check()
def snippet_is_of_a_known_kind(tree):
    """The folder of a snippet says how it is checked, and the ending of its name agrees with the folder.

    A file in no such folder would be claimed by no check. Move it into the folder of its kind, or give it the ending of that
    folder: `cni/*.conf`, `pods/*.yaml`, `units/*.service`, `shell/*.console`, `flags/*.md`, `diagrams/*.svg`, `env/*.env`, `failures/*.conf`.
    """
    known = ", ".join(f"{kind}/*{ending}" for kind, ending in KINDS.items())
    for snippet in tree.snippets():
        if not tree.whole and not snippet.path.startswith("snippets/"):
            if snippet.kind == "unknown":
                yield snippet.place(0), "is of no known kind; say which with --kind, such as --kind pod"
        elif snippet.kind == "unknown":
            yield snippet.place(0), f"stands in no folder that says its kind; known are {known}"
        elif not snippet.path.endswith(KINDS[snippet.kind]):
            yield snippet.place(0), f"does not end in {KINDS[snippet.kind]}, as a file in {snippet.kind}/ does"


@check()
def text_is_typed_cleanly(tree):
    """Lines end in a line feed alone and without blanks before it, files in exactly one; no character is invisible.

    What an editor slips in (carriage returns, no-break spaces, zero-width characters, typographic quotes in a snippet) is copied by a
    reader and then breaks a command. Delete it and type a plain character.

    In files from outside of the guide, blanks at the end of a line and line feeds at the end of the file may stand, because no program
    stumbles over them. Network configurations and Pods from outside may hold any character: what breaks them is found by the checks
    of their kind.
    """
    invisible = re.compile("[\u00a0\u00ad\u200b-\u200f\u2028\u2029\u2060\ufeff]")
    for file in tree.files():
        if not tree.whole and file.kind in ("cni", "pods"):
            continue
        for match in invisible.finditer(file.text):
            yield file.place(match.start()), f"invisible character U+{ord(match[0]):04X}; delete it or type a plain space"
        if file.kind not in ("page", "flags", "diagrams"):
            for match in re.finditer("[\u2018\u2019\u201c\u201d]", file.text):
                yield file.place(match.start()), f"typographic quote {match[0]} in a snippet; type a plain quote"
        if "\r" in file.text:
            yield file.place(file.text.index("\r")), "carriage return; lines end in a line feed alone"
        if not tree.whole and file.kind in ("shell", "units", "env"):
            continue
        if file.kind != "shell":  # a program's output is shown as it came
            for match in re.finditer(r"(?<![ \t])[ \t]++$", file.text, re.M):
                yield file.place(*match.span()), "blanks at the end of the line; delete them"
        if not file.text.endswith("\n") or file.text.endswith("\n\n"):
            yield file.place(max(0, len(file.text) - 1)), "does not end in exactly one line feed"
