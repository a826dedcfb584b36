"""Gives the parsers texts that a coverage-guided fuzzer (Atheris) makes: `make fuzz-parsers`, or by hand

    .cache/fuzz/bin/python tests/fuzz_parsers.py PARSER [SECONDS]

Atheris stands in `requirements-fuzz.txt` and is installed into `.cache/fuzz`. What it finds is printed with its text, which then becomes a
test in `test_documents.py` or `test_tree.py`.
"""

import re
import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
with atheris.instrument_imports(include=["checks", "properties"]):
    import properties
    from test_parsers import OF_KIND, TOKENS

PARSERS = {**properties.PARSERS, **{f"all checks of {kind}": lambda text, kind=kind: properties.kind_text(kind, text) for kind in OF_KIND}}


def main() -> None:
    """Fuzz one parser for some seconds; ends with status 0 where nothing was found."""
    names = [name for name in PARSERS if re.sub(r"\W", "", name) == re.sub(r"\W", "", " ".join(sys.argv[1:2]))]
    if not names:
        sys.exit(f"name one of: {', '.join(PARSERS)}")
    seconds = sys.argv[2] if len(sys.argv) > 2 else "120"
    tokens = TOKENS[OF_KIND.get(names[0].removeprefix("all checks of "), names[0])]

    def once(data: bytes) -> None:
        # Each byte below 0x80 is itself; of the others each is a token, so that texts are nearly right soon.
        PARSERS[names[0]]("".join(chr(byte) if byte < 0x80 else tokens[byte % len(tokens)] for byte in data).replace("\0", ""))

    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}", "-max_len=400", "-timeout=20", "-artifact_prefix=/tmp/"], once)
    atheris.Fuzz()


main()
