"""Checks of what a page shows: each fence is one include, each include resolves, each snippet is shown."""

import bisect
import difflib
import re

from checks.findings import check

# The lexer that a kind of snippet is shown with; what is not here is included outside of a fence.
LEXERS = {"cni": "json", "pods": "yaml", "units": "ini", "shell": "console", "env": "bash", "failures": "json"}
# Kinds that hold words, with a file for each language.
BILINGUAL = ("flags", "diagrams")
ADMONITIONS = ("note", "tip", "info", "warning", "danger")


@check()
def fence_is_one_include(tree):
    """A fence in a page holds one line that includes one snippet, and nothing else.

    No code stands in a page: code in a page is checked by nobody, and its translation drifts from it. Move the code into a
    file of its kind below `snippets/` and write, between the lines of ticks, `--8<-- "KIND/FILE"`.
    """
    for page in tree.pages():
        for fence in page.fences:
            if not fence.closed:
                yield page.place(fence.start, fence.start + 3), "the fence is never closed; close it with the same ticks at the same indent"
            elif len(fence.body.strip().splitlines()) != 1 or "8<" not in fence.body:
                yield (
                    page.place(fence.start, fence.body_start - 1),
                    "the fence does not hold exactly one include; code belongs into a file below snippets/",
                )


@check()
def include_resolves(tree):
    """An include has the one form `--8<-- "KIND/FILE"` and names a snippet that exists.

    A misspelt form is printed as text, and MkDocs says nothing. Line ranges drift when the file changes above them, so a snippet is shown whole, as it
    is checked. Correct the name, or cut the file into two.
    """
    for page in tree.pages():
        for include in page.includes:
            if include.name is None:
                yield page.place(include.start, include.end), 'is not in the form --8<-- "KIND/FILE"'
            elif re.search(r":[\w:,-]*$", include.name):
                yield (
                    page.place(include.start, include.end),
                    "includes lines or a section; include the whole file, and cut the file instead",
                )
            elif tree.whole and not tree.snippet(include.name):
                near = difflib.get_close_matches(include.name, [snippet.name for snippet in tree.snippets()], 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                yield page.place(include.start, include.end), f"snippets/{include.name} does not exist{hint}"


@check()
def fence_has_the_lexer_of_its_kind(tree):
    """The word after a fence's ticks is the lexer of the snippet's kind, and nothing follows it.

    `json` for `cni/` and `failures/`, `yaml` for `pods/`, `ini` for `units/`, `console` for `shell/`, `bash` for `env/`. Tables (`flags/`) and diagrams are
    included outside of a fence. With another word, colours are wrong or missing and a transcript is copied with its prompts. Write the lexer
    of the kind.
    """
    for page in tree.pages():
        ends = [fence.end for fence in page.fences]
        for include in page.includes:
            if include.name is None:
                continue
            kind = include.name.split("/")[0]
            number = bisect.bisect_right(ends, include.start)
            fence = next((f for f in page.fences[number : number + 1] if f.start <= include.start), None)
            if fence is None and kind in LEXERS:
                yield (
                    page.place(include.start, include.end),
                    f"stands outside of a fence; a file of {kind}/ is shown in one that starts ``` {LEXERS[kind]}",
                )
            elif fence is not None and kind in BILINGUAL:
                yield (
                    page.place(fence.start, fence.body_start - 1),
                    f"a file of {kind}/ is Markdown or SVG, which a fence would show as text; include it outside",
                )
            elif fence is not None and kind in LEXERS and fence.info != LEXERS[kind]:
                yield (
                    page.place(fence.start, fence.body_start - 1),
                    f"is ``` {fence.info}; a file of {kind}/ is shown with ``` {LEXERS[kind]}",
                )


@check(whole=True)
def snippet_is_shown(tree):
    """Every snippet is included by a page of each language, a file with words by the page of its own language.

    A snippet that nobody sees is kept right for nobody. Include it, or delete it.
    """
    shown = {(page.lang, include.name) for page in tree.pages() for include in page.includes}
    for snippet in tree.snippets():
        wanted = [lang for lang in ("en", "zh") if snippet.kind not in BILINGUAL or f".{lang}." in snippet.name]
        for lang in wanted:
            if (lang, snippet.name) not in shown:
                yield snippet.place(0), f"no page in docs/{lang}/ includes it; include it or delete it"
        for lang in {"en", "zh"} - set(wanted):
            if (lang, snippet.name) in shown:
                yield snippet.place(0), f"is included in docs/{lang}/, whose pages include the file of their own language"


@check(whole=True)
def snippets_differ(tree):
    """No two snippets hold the same text.

    The site finds a snippet's name by its text, and a value that stands twice is changed once. Include one file in both places.
    """
    first = {}
    for snippet in tree.snippets():
        other = first.setdefault(snippet.text.strip(), snippet)
        if other is not snippet:
            yield snippet.place(0), f"holds the same text as {other.path}; keep one of them"


@check()
def page_is_plain_markdown(tree):
    """A page uses only what every renderer shows alike: no raw HTML, no aligned columns, known admonitions with an indented body.

    MkDocs says nothing of an unknown admonition or of a body that is not indented by four spaces, and prints what it makes of them. An aligned column
    (`:--`) needs an inline style, which the site's Content-Security-Policy refuses. Known admonitions are `note`, `tip`, `info`, `warning` and `danger`.
    """
    from checks.markdown import tags

    opening = re.compile(r"^(?P<indent> *)(?:!!!|\?\?\?\+?)[ \t]*(?P<word>[\w-]*)[^\n]*\n(?:[ \t]*\n)*(?P<body>[^\n]*)", re.M)
    for page in tree.pages():
        for start, end, name in tags(page.plain):
            yield page.place(start, end), f"raw HTML <{name}>; write Markdown, or a diagram as a file in snippets/diagrams/"
        for table in page.tables:
            if table.colon is not None:
                yield page.place(table.colon), "aligns a column, which needs an inline style; write dashes without a colon"
            for row in table.rows:
                if len(row) != len(table.header):
                    yield page.place(row[0].start, row[-1].end), f"the row has {len(row)} cells, the table's header {len(table.header)}"
        # An include inside of the body is blanked in the prose, so look at the text where a box starts in the prose.
        for match in opening.finditer(page.text):
            if not page.prose[match.start() : match.end("word")].strip():
                continue
            if match["word"] not in ADMONITIONS:
                yield (
                    page.place(match.start("word"), match.end("word")),
                    f"no admonition is called {match['word'] or '(nothing)'}; known are {', '.join(ADMONITIONS)}",
                )
            elif not match["body"].startswith(match["indent"] + "    "):
                yield (
                    page.place(match.start("body")),
                    "the admonition's body is not indented by four spaces, so it would stand outside of the box",
                )
