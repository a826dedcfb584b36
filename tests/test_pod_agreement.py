"""Our verdict on Pods is held against that of another program: kubernetes-validate, which judges by the published schemas.

Good Pods (the public examples and the guide's own) are changed at random, by a seed that is fixed: a value gets another type, a key is
left out, misspelled, written in another case or moved, a number is put out of range. What kubernetes-validate refuses for 1.37, we refuse
for 1.37. What it takes and we refuse is one of the rules that no schema states, each by its name.
"""

import copy
import hashlib
import importlib.resources
import json
import random
from collections import Counter

import pytest
import yaml
from conftest import ROOT
from kubernetes_validate import ValidationError, validate

from checks.documents import parse_json
from checks.facts import load as facts
from checks.findings import CHECKS, load
from checks.schemas import problems
from checks.tree import Tree

load()
SEED, MUTANTS = 20160701, 500
CHECKS_OF_PODS = [
    each
    for name, each in CHECKS.items()
    if each.function.__module__
    in ("checks.pods", "checks.annotations", "checks.containers", "checks.values", "checks.volumes", "checks.stages")
]
PODS = sorted((ROOT / "tests" / "pods-1.3" / "valid").iterdir()) + sorted((ROOT / "snippets" / "pods").iterdir())
OTHER = [
    None,
    True,
    False,
    0,
    1,
    -1,
    80,
    65536,
    2**31,
    2**63,
    0.5,
    "",
    "x",
    "80",
    "true",
    "1Gi",
    [],
    {},
    [1],
    ["x"],
    {"x": 1},
    {"name": "x"},
]


def read(path) -> dict:
    text = path.read_text("utf-8")
    return json.loads(text) if text.startswith("{") else yaml.safe_load(text)


def places(value, path=()):
    """Each path in a document at which something stands."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(inner, (*path, key))


def holder(pod, path):
    for step in path[:-1]:
        pod = pod[step]
    return pod


def misspelled(key: str, chance: random.Random) -> str:
    at = chance.randrange(len(key)) if key else 0
    return chance.choice(
        [key[:at] + key[at + 1 :], key[:at] + key[at : at + 1] * 2 + key[at + 1 :], key.swapcase(), key + "s", key.lower()]
    )


def mutant(pod: dict, chance: random.Random) -> tuple[str, dict]:
    """A copy of a Pod with one change, and what the change is."""
    pod = copy.deepcopy(pod)
    path = chance.choice(list(places(pod)))
    inside, key = holder(pod, path), path[-1]
    kind = chance.choice(["retype", "retype", "delete", "misspell", "move"])
    if kind == "retype" or isinstance(key, int):
        kind, inside[key] = "retype", copy.deepcopy(chance.choice(OTHER))
    elif kind == "delete":
        del inside[key]
    else:
        target = holder(pod, chance.choice(list(places(pod)))) if kind == "move" else inside
        name = key if kind == "move" else misspelled(key, chance)
        value = inside.pop(key)
        if isinstance(target, dict):
            target[name] = value
    return f"{kind} {'.'.join(map(str, path))}", pod


def theirs(pod: dict) -> bool:
    """Whether kubernetes-validate takes a Pod for 1.37."""
    try:
        validate(pod, "1.37", strict=True)
    except ValidationError:
        return False
    return True


def empty_quantity(value) -> bool:
    """Whether a limit or a request holds null. Their schema refuses that (it fits two forms of one); the API reads no amount, as we do."""
    if isinstance(value, dict):
        amounts = [amount for part in ("limits", "requests") if isinstance(value.get(part), dict) for amount in value[part].values()]
        return None in amounts or any(empty_quantity(inner) for inner in value.values())
    return isinstance(value, list) and any(empty_quantity(inner) for inner in value)


def ours(pod: dict, folder) -> list[str]:
    """The checks that refuse a Pod for today's API, with what they say; by the schema alone as `schema`."""
    file = folder / "pod.yaml"
    file.write_text(json.dumps(pod), "utf-8")
    tree = Tree(folder, [file])
    return [
        f"{each.name}: {message}" for each in CHECKS_OF_PODS for _, message in each.function(tree) if not message.endswith("(API of 1.3)")
    ]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """For each mutant: what was changed, the Pod, whether the other takes it, what we say."""
    folder = tmp_path_factory.mktemp("pods")
    chance = random.Random(SEED)
    good = [read(path) for path in PODS]
    found = []
    while len(found) < MUTANTS:
        what, pod = mutant(chance.choice(good), chance)
        if pod.get("kind") == "Pod" and pod.get("apiVersion") == "v1":  # without them the other does not know which schema is meant
            found.append((what, pod, theirs(pod), ours(pod, folder)))
    return found


def test_good_pods_pass_both(tmp_path):
    for path in PODS:
        pod = read(path)
        assert theirs(pod) and not ours(pod, tmp_path), path.name


def test_what_the_other_refuses_we_refuse(verdicts):
    passed = [(what, pod) for what, pod, taken, said in verdicts if not taken and not said and not empty_quantity(pod)]
    assert passed == []


def test_what_the_other_takes_and_we_refuse_is_a_rule_that_no_schema_states(verdicts):
    bare = {"$ref": "#/$defs/Pod", "$defs": facts("pod-current")["$defs"]}
    stricter = [(what, said) for what, pod, taken, said in verdicts if taken and said and list(problems(bare, parse_json(json.dumps(pod))))]
    assert stricter == [], "our copy of the schema refuses what the other's takes"


def test_the_mutants_show_both_verdicts_of_both(verdicts):
    counted = Counter((taken, not said) for _, _, taken, said in verdicts)
    print(f"\n{MUTANTS} mutants, seed {SEED}: (theirs, ours) {dict(counted)}")
    assert min(counted[False, False], counted[True, True], counted[True, False]) > MUTANTS / 20
    assert sum(counted.values()) == MUTANTS


def shortened(part):
    """A piece of the package's schema as the facts hold it: types by the last part of their names, without descriptions and extensions."""
    if isinstance(part, list):
        return [shortened(item) for item in part]
    if not isinstance(part, dict):
        return f"#/$defs/{part.rpartition('.')[2]}" if isinstance(part, str) and part.startswith("#/$defs/") else part
    fields = {
        key: {name: shortened(inner) for name, inner in part[key].items()} for key in ("properties",) if isinstance(part.get(key), dict)
    }
    return {key: fields.get(key) or shortened(inner) for key, inner in part.items() if key != "description" and not key.startswith("x-")}


def test_schema_of_today_is_that_of_the_package():
    source = importlib.resources.files("kubernetes_validate") / "kubernetes-json-schema" / "v1.37.0-local-strict" / "_definitions.json"
    raw = source.read_bytes()
    known = facts("pod-current")
    assert hashlib.sha256(raw).hexdigest() == known["sha256"]
    shipped = {}
    for name, part in json.loads(raw)["$defs"].items():
        shipped.setdefault(name.rpartition(".")[2], []).append(shortened(part))
    assert len(known["$defs"]) > 100
    for name, part in known["$defs"].items():
        assert part in shipped[name], name
