"""JSON Schemas, and what they say about a document in words that name the place.

A schema is a dictionary of JSON Schema 2020-12. Four words of our own steer the messages: `x-message` on a subschema says what is
right where it fails, `x-newer` on an object names keys that exist in later versions only, `x-others` keys that belong elsewhere,
`x-keys` all keys where a subschema of an object does not list them.

```python
from checks.documents import parse_json
from checks.schemas import problems

schema = {"type": "object", "properties": {"mtu": {"type": "integer"}}}
for problem in problems(schema, parse_json('{"mtu": "1460"}')):
    print(problem.start, problem.message)
    #> 8 mtu is a string; write 1460 without quotes
```
"""

import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from checks.documents import Node

# What a type is called, and what to write for it.
_NAMES = {
    "object": ("an object", "an object, { … }"),
    "array": ("a list", "a list, [ … ]"),
    "string": ("a string", "text in quotes"),
    "integer": ("a number", "a whole number"),
    "number": ("a number", "a number"),
    "boolean": ("a boolean", "true or false"),
    "null": ("empty", "nothing"),
}

# Beyond so many unknown keys in one object nobody needs a suggestion for each.
_MANY = 50


class Problem(NamedTuple):
    """What does not fit: the rule of the schema that says so, from where to where, and the words."""

    rule: str
    start: int
    end: int
    message: str


@cache
def load(name: str) -> dict:
    """The schema in `checks/schemas/NAME.json`. It is shared by all callers, so do not change it."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_text("utf-8"))


def problems(schema: dict, root: Node) -> Iterator[Problem]:
    """Everything in a document that does not fit a schema. `x-title` of the schema is what the whole document is called."""
    whole = schema.get("x-title", "the document")
    found = [problem for error in _validator()(schema).iter_errors(root.plain()) for problem in _problems(error, root, whole)]
    of_wrong_type = {(problem.start, problem.end) for problem in found if problem.rule == "type"}
    for problem in dict.fromkeys(found):  # the validator names each missing key again for each
        if problem.rule == "type" or (problem.start, problem.end) not in of_wrong_type:
            yield problem


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for the known name most like this one; empty where none is."""
    if len(name) > 60:
        return ""
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), lower, 1)
    return f" (did you mean {lower[near[0]]}?)" if near else ""


@cache
def _validator() -> type:
    """Validators to which 1460.0 is no whole number, as it is none to Go."""
    from jsonschema import Draft202012Validator, validators

    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return validators.extend(Draft202012Validator, type_checker=checker)


def _problems(error, root: Node, whole: str) -> Iterator[Problem]:
    """One error of the validator, as one problem or (for unknown keys) several."""
    path = list(error.absolute_path)
    if error.validator == "additionalProperties":
        yield from _unknown_keys(error, root, path)
    elif error.validator == "required":
        for name in error.validator_value:
            if name not in error.instance and not _is_misspelled(name, error.schema, root.at(path)):
                yield _missing(name, error, root, path, whole)
    elif error.validator in ("anyOf", "oneOf") and "x-message" not in error.schema:
        yield _alternative(error, root, path, whole)
    else:
        yield Problem(error.validator, *root.span(path), f"{_title(path) or whole} is {_words(error)}")


def _is_misspelled(name: str, schema: dict, node: Node) -> bool:
    """Whether a key that is missing stands there in another spelling, which is said of that key."""
    known = schema.get("x-keys") or (schema.get("properties", {}) if schema.get("additionalProperties") is False else {})
    unknown = [member.key for member in node.unique() if known and member.key not in known]
    return any(key.casefold() == name.casefold() or nearest(key, known) == f" (did you mean {name}?)" for key in unknown[:_MANY])


def _missing(name: str, error, root: Node, path: list, whole: str) -> Problem:
    holder = root.at(path).member(name)
    why = error.schema.get("properties", {}).get(name, {}).get("x-missing", "")
    if holder:
        return Problem("required", holder.start, holder.end, f"{name} is empty; write its value{why}")
    return Problem("required", *root.key_span(path), f"{_title(path) or whole} lacks {name}; add it{why}")


def _title(path: list) -> str:
    """What people call the value at a path: its key, or for an item of a list the list's key and its number."""
    if not path:
        return ""
    if isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {path[-2] if len(path) > 1 else 'the list'}"
    return str(path[-1])


def _alternative(error, root: Node, path: list, whole: str) -> Problem:
    """None of several forms fits: say so of the type, or pass on what the best form says."""
    types = [each.get("type") for each in error.validator_value]
    if all(types):
        names = [name for each in types for name in ([each] if isinstance(each, str) else each)]
        return Problem("type", *root.span(path), f"{_title(path) or whole} is {_type_words(names, error.instance)}")
    from jsonschema.exceptions import best_match

    return next(_problems(best_match([error]), root, whole))


def _unknown_keys(error, root: Node, path: list) -> Iterator[Problem]:
    schema, node = error.schema, root.at(path)
    known = schema.get("properties", {})
    unknown = [member for member in node.unique() if member.key not in known and not member.node.is_null]
    for count, member in enumerate(unknown):
        words = _unknown_words(member.key, schema, _title(path), known if count < _MANY else ())
        yield Problem("additionalProperties", member.start, member.end, words)


def _unknown_words(key: str, schema: dict, holder: str, known: Iterable[str]) -> str:
    shown = key if len(key) <= 60 else key[:59] + "…"
    if key in schema.get("x-newer", {}):
        return f"{shown} {schema['x-newer'][key]}"
    if key in schema.get("x-others", {}):
        return f"{shown} {schema['x-others'][key]}"
    same = next((name for name in known if name.casefold() == key.casefold()), None)
    if same:
        return f"{shown} is written {same}"
    where = f"{holder} has" if holder else schema.get("x-name", "the document") + " has"
    return f"{where} no key {shown}{nearest(key, known) or '; delete it'}"


def _words(error) -> str:
    """What a value is, and what to write in its place."""
    rule, limit, source = error.validator, error.validator_value, shown(error.instance)
    if rule == "type":
        return _type_words([limit] if isinstance(limit, str) else limit, error.instance)
    if "x-message" in error.schema:
        return f"{source}; {error.schema['x-message']}"
    if rule in ("enum", "const"):
        return f"{source}; write {_either([shown(each) for each in (limit if rule == 'enum' else [limit]) if each not in (None, '')])}"
    if rule in ("minimum", "maximum"):
        return f"{source}; write a number {'from' if rule == 'minimum' else 'up to'} {limit}"
    if rule == "minLength":
        return "empty; write its value"
    if rule in ("minItems", "minProperties"):
        return "empty; write at least one value"
    return f"{source}, which does not fit ({rule})"


def _type_words(wanted: list[str], value: object) -> str:
    wanted = [name for name in wanted if name != "null"]
    found = _type(value)
    if found == "string" and _quoted_by_mistake(value, wanted):
        return f"a string; write {value} without quotes"
    if "string" in wanted and found in ("integer", "number", "boolean"):
        return f'{_NAMES[found][0]}; write it in quotes: "{shown(value)}"'
    if found == "number" and "integer" in wanted:
        return f"{shown(value)}; write a whole number"
    return f"{_NAMES[found][0]}; write {_either([_NAMES[name][1] for name in wanted])}"


def _quoted_by_mistake(value: str, wanted: list[str]) -> bool:
    if "boolean" in wanted and value in ("true", "false"):
        return True
    return bool({"integer", "number"} & set(wanted)) and re.fullmatch("-?(?:0|[1-9][0-9]{0,17})", value) is not None


def _either(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else ", ".join(choices[:-1]) + " or " + choices[-1]


def shown(value: object) -> str:
    """A value as an author wrote it, shortened."""
    if isinstance(value, (dict, list)):
        return _NAMES[_type(value)][0]
    if isinstance(value, float) and math.isinf(value):
        return "larger than any number in use"
    text = value if isinstance(value, str) else json.dumps(value)
    return (text if len(text) <= 60 else text[:59] + "…") or "empty"


def _type(value: object) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"
