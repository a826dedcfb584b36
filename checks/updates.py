"""Rewrites the output lines of transcripts that are no longer what the commands print: `python -m checks --update`."""

import difflib
from collections.abc import Iterator

from checks import recordings
from checks.patterns import changes
from checks.runs import lines, problems, sessions
from checks.sessions import Session
from checks.shell import commands
from checks.tree import File, write


def update(tree) -> Iterator[tuple[str, list]]:
    """Run the transcripts and rewrite what has to be: for each that was not as it should be, what has changed (a diff, or
    nothing) and what is still wrong, as `(place, message)`."""
    for file, session in sessions(tree):
        text = mended(file.text, session)
        if text != file.text:
            write(tree.root / file.path, text)
        wrong = list(problems(File(file.path, file.kind, text), session))
        if wrong or text != file.text:
            yield (
                "".join(difflib.unified_diff(*(each.splitlines(keepends=True) for each in (file.text, text)), file.path, file.path)),
                wrong,
            )


def mended(text: str, session: Session) -> str:
    """A transcript with the lines of its outputs that differ from a run replaced by those of the run.

    A line that says the same but for what varies by nature stays as it is, and so does an output that was recorded. A command that is
    shown without output stays so, and the words of one that should not have failed are not put down as if they were right.
    """
    typed = commands(text)
    for number in reversed(range(len(session.steps))):
        command, step = typed[number], session.steps[number]
        shown, real = lines(command.output), [line.rstrip() for line in lines(step.output)]
        follows = typed[number + 1 : number + 2]
        failed = step.status and not any(each.text.strip() == "echo $?" for each in follows)
        recorded = recordings.matching(command.text, command.output)
        found = changes(shown, real) if shown and not failed and not recorded else []
        for a, b, c, d in reversed(found):
            shown[a:b] = real[c:d]
        if found:
            output = "".join(f"{line}\n" for line in shown)
            changed = text[: command.output_start] + output + text[command.output_start + len(command.output) :]
            if [each.text for each in commands(changed)] == [each.text for each in typed]:  # no line looks like a command
                text = changed
    return text
