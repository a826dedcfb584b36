"""What the process of `python -m checks` owes those around it: one clear line and status 2 when it is ended, when its streams are closed, or full.

The handlers of signals end the process at once. They raise nothing, because an exception that comes from nowhere may land
where it is swallowed or printed. Labs end with the process that made them; `unfinished` names what else has to go.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable

# Files and folders that are half made; whoever makes one takes it out again.
unfinished: set[str] = set()


def guard() -> None:
    """Take signals and standard streams in hand; to be called before anything else is imported."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as `nohup` has it
            signal.signal(number, _end)
    said = sys.stdout is not None
    for number in range(3):  # a file that is opened must not become one of these
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    if not said:
        with contextlib.suppress(OSError):
            fail("standard output is closed, so nobody would read what is found")
        os._exit(2)
    sys.stdout.reconfigure(errors="backslashreplace")


def fail(message: str) -> int:
    """Say on standard error why the work could not be done; the status for that."""
    print(f"checks: {message}", file=sys.stderr)
    return 2


def put(text: str) -> None:
    """Print a text, all of it. Raises `OSError` where standard output does not take it."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop(sys.stdout)
        raise OSError(f"standard output cannot be written: {error.strerror}") from None


def leave(main: Callable[[], int]) -> None:
    """Do the work and end with its status, after all that was said is said; without a word where nobody listens any more (`| head`)."""
    try:
        try:
            status = main()
        except SystemExit as end:  # of the reader of arguments, after its own words
            status = end.code
        sys.stdout.flush()
    except BrokenPipeError:
        status = 2
    except OSError as error:
        status = 2
        with contextlib.suppress(OSError):
            fail(f"standard output cannot be written: {error.strerror}")
    _drop(sys.stdout)
    _drop(sys.stderr)
    sys.exit(status)


def use_utf8() -> None:
    """Write standard output in UTF-8, whatever the terminal's encoding: for what a program reads."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _drop(stream) -> None:
    """Send what may still be in a stream's buffer nowhere, so that the end of Python does not try again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _end(number: int, _) -> None:
    for name in list(unfinished):
        with contextlib.suppress(OSError):
            if os.path.isdir(name):
                import shutil  # whoever made the folder has imported it before

                shutil.rmtree(name)
            else:
                os.unlink(name)
    try:
        os.write(2, b"checks: interrupted; nothing was proved\n")
    finally:
        os._exit(2)
