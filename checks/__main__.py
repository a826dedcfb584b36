"""The command line of the checks: `python -m checks --help`.

What takes long to import is imported where it is needed, so that an unchanged guide is judged at once (see `checks.cache`).
"""

if __name__ == "__main__":
    from checks.process import guard

    guard()

import argparse
import functools
import gc
import os
import sys
import time
from pathlib import Path

from checks import cache, contents, plugin_sets
from checks.kinds import KIND_NAMES
from checks.process import fail, leave, put, use_utf8


def main(argv: list[str] | None = None, started: int = 0) -> int:
    """Run the checks and print a report.

    With `started`, the time in nanoseconds since 1970 at which this process began, what is found may be kept (see `checks.cache`).
    Returns 0 when nothing was found, 1 with findings, 2 when the work could not be done (a bad call, an internal
    error, with `CI` set a missing program).
    """
    try:
        return _run(_arguments(argv), started)
    except BrokenPipeError:
        raise
    except OSError as error:
        return fail(f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error))
    except KeyboardInterrupt:
        return fail("interrupted; nothing was proved")
    except Exception as error:  # a contributor gets one line, and whoever mends the check sets CHECKS_TRACEBACK
        from checks.findings import NothingSeen

        if isinstance(error, NothingSeen):
            return fail(str(error))
        if os.environ.get("CHECKS_TRACEBACK"):
            raise
        return fail(f"internal error: {type(error).__name__}: {error} (CHECKS_TRACEBACK=1 shows where)")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m checks", description="Check the guide, or single files.")
    parser.add_argument("files", nargs="*", type=_path, metavar="FILE", help="only these files; all of the guide without one")
    parser.add_argument("--kind", choices=sorted(KIND_NAMES), help="what the FILEs are, where their folder does not tell")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this check (may be repeated)")
    parser.add_argument("--list", action="store_true", help="all checks, with a line each")
    parser.add_argument("--format", default="text", choices=["text", "json", "github", "sarif", "junit"])
    parser.add_argument(
        "--plugins",
        default="",
        choices=plugin_sets.SETS,
        help="the network plugins that configurations are for (left out: all of these, and a finding says where they differ)",
    )
    parser.add_argument("--site", type=Path, metavar="DIR", help="also check the links of the site built in DIR")
    parser.add_argument("--online", action="store_true", help="also ask external links whether they are alive")
    parser.add_argument("--no-lab", action="store_true", help="run no snippet, check what can be seen without that")
    parser.add_argument("--update", action="store_true", help="run the transcripts, and rewrite output that is not what they print")
    parser.add_argument("--shell", type=Path, metavar="FILE", help="open a shell in the lab where this transcript or network stands")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write the verification record, if nothing is found")
    return parser.parse_args(argv)


def _path(name: str) -> Path:
    if not name:
        raise argparse.ArgumentTypeError("the name of a FILE is empty")
    return Path(name)


def _run(options: argparse.Namespace, started: int) -> int:
    if options.list:
        put("\n".join(f"{name}: {statement}" for name, statement in contents.statements().items()))
        return 0
    kept = _kept(options, started)
    if kept and kept.answer and not kept.answer["findings"] and options.no_lab and options.format == "text":
        print(f"{kept.answer['looked_at']}: 0 findings", file=sys.stderr)
        return 0
    from checks import findings

    checks = findings.load()
    if unknown := [name for name in options.only if name not in checks]:
        return fail(f"no check is called {unknown[0]}{_nearest(unknown[0], checks)}; --list names them all")
    if options.record and (options.only or options.plugins):
        return fail(f"--record needs all checks; leave out {'--only' if options.only else '--plugins'}")
    for path in options.files:
        os.lstat(path)  # raises where there is none, or none that we may see
    if options.site and not (options.site / "index.html").is_file():
        return fail(f"{options.site}: holds no built site; `make site` builds it")
    if options.shell:
        return _shell(options)
    if options.update and os.environ.get("CI"):
        return fail("--update changes what is to be proved, so it does nothing with CI set")
    tree, wanted = _tree(options)
    if options.record:
        wanted = None  # the record is one of the whole guide
    tree.site, tree.online, tree.lab, tree.wanted = options.site, options.online, not options.no_lab, wanted
    tree.plugins = options.plugins
    if options.update:
        return _update(tree)
    found = _found(tree, options, kept)
    if options.record:
        found = [finding for finding in found if finding.check != "record_is_up_to_date"]  # the record is about to be
    if wanted is not None:
        found = [finding for finding in found if finding.place.path in wanted]
    return _report(tree, found, options)


def _kept(options: argparse.Namespace, started: int) -> cache.Kept | None:
    """What is kept of earlier runs like this one; None where nothing may be: for files from outside, for what asks more than files, with `CI` set."""
    asks_more = options.record or options.update or options.shell or options.site or options.online or options.kind
    if not started or os.environ.get("CI") or asks_more:
        return None
    root = _root(_here())
    if root is None or not all(_is_inside(path, root) and os.path.isfile(path) for path in options.files):
        return None
    said = {name: value for name, value in vars(options).items() if name not in ("files", "format")}
    return cache.Kept(str(root), said, started)


def _found(tree, options: argparse.Namespace, kept: cache.Kept | None) -> list:
    """What the checks find; what static ones found before in the same files is not asked again."""
    from checks.findings import CHECKS, Finding, Place, is_static, run

    if kept and kept.answer:
        return run(tree, options.only, [Finding(Place(*place), check, message) for *place, check, message in kept.answer["findings"]])
    found = run(tree, options.only)
    if kept and not tree.not_run:
        static = [each for each in found if is_static(CHECKS[each.check], tree)]
        rows = [[*vars(each.place).values(), each.check, each.message] for each in static]
        kept.keep({"looked_at": _looked_at(tree, options), "findings": rows})
    return found


def _update(tree) -> int:
    """Rewrite the output of transcripts, and print what has changed and what is still wrong."""
    from checks.updates import update

    changed = wrong = 0
    for difference, problems in update(tree):
        print(difference, end="")
        for place, message in problems:
            print(f"{place}: {message}")
        changed, wrong = changed + bool(difference), wrong + len(problems)
    for sentence in tree.not_run:
        print(f"not run: {sentence}", file=sys.stderr)
    print(f"{changed} transcript{'s' * (changed != 1)} rewritten, {wrong} finding{'s' * (wrong != 1)}", file=sys.stderr)
    return 2 if tree.not_run else 1 if wrong else 0


def _shell(options: argparse.Namespace) -> int:
    """Open a shell in the lab at the end of a file."""
    from checks import lab, sessions

    options.files = [options.shell]
    if not options.shell.is_file():
        return fail(f"{options.shell}: no such file")
    tree, wanted = _tree(options)
    file = next((each for each in tree.files() if wanted is None or each.path in wanted), None)
    text = sessions.to_look_at(file) if file else ""
    if not text:
        return fail(f"{options.shell}: neither a transcript with a command that can be run, nor a network configuration")
    if problem := lab.unavailable() or sessions.lacking(tree, text):
        return fail(problem)
    return sessions.stay(tree, text)


def _tree(options: argparse.Namespace) -> tuple:
    """The tree to check, and the paths to report (None: all).

    Files of the guide are checked in the whole tree, because some checks compare files; files from outside stand alone.
    """
    from checks.tree import Tree

    here = _here()
    root = _root(here)
    if not options.files:
        if root is None:
            raise OSError("neither docs/ nor snippets/ stands here or above; run this in the guide's folder, or name files")
        return Tree(root), None
    inside = root and not options.kind and all(_is_inside(path, root) for path in options.files)
    named = {path: _expanded(path) for path in options.files}
    if not inside:
        tree, wanted = Tree(here, [file for path in named for file in named[path]], options.kind), None
    else:
        named = {path: [Path(os.path.abspath(file)).relative_to(root).as_posix() for file in files] for path, files in named.items()}
        tree, wanted = Tree(root), {file for files in named.values() for file in files}
    known = {*(file.path for file in tree.files()), *(place.path for place, _ in tree.unreadable)}
    for path, files in named.items():
        if not files or (inside and known.isdisjoint(files)):
            raise OSError(f"{path}: {'is' if inside and os.path.isfile(path) else 'holds'} no file that is checked")
    return tree, wanted


def _here() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise OSError("the folder that this runs in is gone; go to another one") from None


def _root(folder: Path) -> Path | None:
    return next((at for at in (folder, *folder.parents) if os.path.isdir(at / "docs") or os.path.isdir(at / "snippets")), None)


def _is_inside(path: Path, root: Path) -> bool:
    return Path(os.path.abspath(path)).is_relative_to(root / "docs") or Path(os.path.abspath(path)).is_relative_to(root / "snippets")


def _expanded(path: Path) -> list[Path]:
    """A path, or the files in the folder that it names."""
    from checks.tree import below

    return sorted(below(path)) if path.is_dir() else [path]


def _nearest(name: str, names) -> str:
    import difflib

    near = difflib.get_close_matches(name, names, 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _report(tree, found: list, options: argparse.Namespace) -> int:
    from checks.report import FORMATS, status

    report = FORMATS[options.format](found, tree)
    if options.format != "text":
        use_utf8()
    if report:
        put(report)  # before the summary, also where both go into one pipe
    for sentence in tree.not_run:
        print(f"not run: {sentence}", file=sys.stderr)
    print(f"{_looked_at(tree, options)}: {len(found)} finding{'s' * (len(found) != 1)}", file=sys.stderr)
    if status(found, tree) == 2:
        return fail("a program is missing, and with CI set nothing may be left out")
    if options.record:
        _record(tree, found, options.record)
    return status(found, tree)


def _looked_at(tree, options: argparse.Namespace) -> str:
    """What was checked: the guide by all checks that were asked for, or some files by those of their kind."""
    from checks.findings import CHECKS

    pages, snippets, number = len(tree.pages()), len(tree.snippets()), len(options.only) or len(CHECKS)
    if tree.whole:
        return f"{pages} pages, {snippets} snippets, {number} checks"
    files = pages + snippets + len(tree.unreadable)
    return f"{files} file{'s' * (files != 1)}"


def _record(tree, found: list, path: Path) -> None:
    """Write the verification record. A snippet is called verified where nothing is found, so nothing is written otherwise."""
    from checks import verification

    if found:
        print(f"{path} is not written: the record is one of a run without findings", file=sys.stderr)
        return
    verification.write(tree, path)
    if not tree.lab or tree.not_run:
        print(f"{path} is written without all of the lab: what did not run in it has a lower level", file=sys.stderr)


if __name__ == "__main__":
    gc.set_threshold(50_000, 10, 1_000)  # what a check makes stays until the end, so looking for what can go finds little
    leave(functools.partial(main, started=time.time_ns()))
