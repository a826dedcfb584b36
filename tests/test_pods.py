"""Pod manifests: the schema of 1.3 is that of the facts, quantities are those of the API, and no manifest makes a check crash."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.apis import schema
from checks.documents import Broken, parse_json, parse_yaml
from checks.facts import load as facts
from checks.findings import CHECKS, load
from checks.manifests import pods, quantity
from checks.schemas import nearest, problems
from checks.tree import Tree

load()
MODULES = {"cni": ("cni",), "pods": ("pods", "annotations", "containers", "values", "volumes", "stages")}
OWN = {
    kind: [each for each in CHECKS.values() if each.function.__module__.removeprefix("checks.") in modules]
    for kind, modules in MODULES.items()
}
SNIPPETS = Path(__file__).parent.parent / "snippets"


def words(wanted: dict, text: str) -> list[str]:
    return [problem.message for problem in problems(wanted, parse_yaml(text)[0])]


def pod(spec: str) -> str:
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {spec}\n"


@pytest.mark.parametrize(
    "value, amount",
    [
        ("100m", "0.1"), ("0.5", "0.5"), (".5", "0.5"), ("5.", "5"), ("128Mi", str(128 * 2**20)), ("1e3", "1000"), ("1E3", "1000"), ("1E", "1e18"),
        ("1k", "1000"), ("-1", "-1"), (2, "2"), (0.25, "0.25"), ("12e-2", "0.12"),
        ("128MB", None), ("1K", None), ("m", None), ("", None), ("1 Gi", None), ("1,5", None), (True, None), (None, None), ("1e999999999", None), ("1Kim", None),
    ],
)  # fmt: skip
def test_quantity(value, amount):
    assert quantity(value) == (Decimal(amount) if amount else None)


def test_schema_of_1_3_has_the_types_of_the_facts():
    known, definitions = facts("pod-1.3"), schema("1.3")["$defs"]
    assert {name: set(part["properties"]) for name, part in definitions.items()} == {
        name: set(fields) for name, fields in known["types"].items()
    }
    assert all(set(required) <= set(definitions[name]["required"]) for name, required in known["required"].items())
    policies = facts("pod-rules")["enums"]["Container.imagePullPolicy"]
    assert definitions["Container"]["properties"]["imagePullPolicy"]["enum"] == [*policies, ""]
    for key in known["newer"]:
        name, field = key.split(".")
        assert field not in definitions[name]["properties"] and field in definitions[name]["x-newer"]


def test_every_type_of_1_3_is_reached_and_refers_to_one_that_exists():
    definitions = schema("1.3")["$defs"]
    reached, todo = set(), ["Pod"]
    while todo:
        if (name := todo.pop()) not in reached:
            reached.add(name)
            todo += [ref.split('"')[0] for ref in json.dumps(definitions[name]).split('"#/$defs/')[1:]]
    assert reached == set(definitions)


def test_pod_of_1_3_fits_today():
    today = schema("1.37")["$defs"]
    for name, fields in facts("pod-1.3")["types"].items():
        assert set(fields) <= set(today[{"Handler": "LifecycleHandler"}.get(name, name)]["properties"]), name


def test_port_may_be_a_number_or_a_name():
    probe = "{containers: [{name: a, image: b, livenessProbe: {httpGet: {port: %s}}}]}"
    for version in ("1.3", "1.37"):
        assert words(schema(version), pod(probe % "80")) == words(schema(version), pod(probe % "http")) == []
        assert len(words(schema(version), pod(probe % "true"))) == len(words(schema(version), pod(probe % "[1]"))) == 1


@pytest.mark.parametrize("table", ["required", "may_be_empty", "min_items", "enums", "empty_is_unset", "ranges", "field_paths"])
def test_every_rule_is_of_a_field_of_both_versions(table):
    """A rule of a misspelled field would be a rule of nothing."""
    types = facts("pod-1.3")["types"]
    for key in facts("pod-rules")[table]:
        name, _, field = key.partition(".")
        wanted = [field] if field else facts("pod-rules")["required"].get(name, [])
        assert name in types and set(wanted) <= set(types[name]), key
        assert set(wanted) <= set(schema("1.37")["$defs"][name]["properties"]), key


def test_annotations_of_a_pod_have_a_limit(tmp_path):
    file = tmp_path / "a.yaml"
    for size, found in ((256 * 1024 - 1, 0), (256 * 1024, 1)):
        file.write_text(f"metadata:\n  annotations:\n    a: {'x' * size}\n", "utf-8")
        assert len(list(CHECKS["pod_annotations_are_valid"].function(Tree(tmp_path, [file])))) == found


JSON = '[{"name": "a", "image": "b\\tc"}]'


@pytest.mark.parametrize(
    "written",
    [
        f"'{JSON}'",
        f"|\n      {JSON}",
        ">-\n      " + JSON.replace(", ", ",\n      "),
        JSON.replace('"', '\\"').join('""').replace("\\t", "\\\\t"),
    ],
    ids=["quoted", "literal", "folded", "escaped"],
)
def test_json_in_an_annotation_has_places_in_the_file(written):
    text = f"metadata:\n  annotations:\n    pod.alpha.kubernetes.io/init-containers: {written}\n"
    (container,) = pods(text)[0].init_containers()
    assert text[slice(*container.key_span(["name"]))].strip('\\"') == "name"
    assert text[slice(*container.span(["image"]))].strip('\\"').startswith("b\\")


def test_nearest_is_not_asked_of_endless_names():
    assert nearest("isgatway", ["isGateway", "mtu"]) == " (did you mean isGateway?)"
    assert nearest("x" * 1_000_000, ["isGateway"]) == nearest("qqq", ["isGateway"]) == ""


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "x", "1", "true", "10.22.0.0/16", "bridge", "0.0.0.0/0"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "type", "dst", "subnet", "x", "ports"]), inner, max_size=3)
    ),
    max_leaves=5,
)


def paths(value, path=()):
    """Every place in a document at which something can be put."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from paths(each, (*path, key))


def put(value, path, new):
    """The document with something else at a place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], new)
    return copy


DOCUMENTS = [("cni", path, parse_json) for path in sorted(SNIPPETS.glob("cni/*.conf"))] + [
    ("pods", path, lambda text: parse_yaml(text)[0]) for path in sorted(SNIPPETS.glob("pods/*.yaml"))
]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(DOCUMENTS), st.data())
def test_no_value_anywhere_makes_a_check_crash(tmp_path, document, data):
    kind, path, parse = document
    plain = parse(path.read_text("utf-8")).plain()
    changed = put(plain, data.draw(st.sampled_from(sorted(paths(plain), key=str))), data.draw(VALUES))
    text = json.dumps(changed, indent=1).replace("Infinity", "1e999")
    file = tmp_path / path.name
    file.write_text(text + "\n", "utf-8")
    tree = Tree(tmp_path, [file])
    for each in OWN[kind]:
        for place, message in each.function(tree):
            assert place.source[place.column - 1 : place.column - 1 + place.width] or text == '""'
            assert message and "\n" not in message and message[-1] != "." and len(message) < 400


SCHEDULING = st.recursive(
    st.none() | st.integers(-1, 101) | st.sampled_from(["", "x", "In", "Exists", "Gt", "a b"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "name",
                    "image",
                    "command",
                    "volumeMounts",
                    "livenessProbe",
                    "nodeAffinity",
                    "podAffinity",
                    "podAntiAffinity",
                    "nodeSelectorTerms",
                    "matchExpressions",
                    "requiredDuringSchedulingIgnoredDuringExecution",
                    "preferredDuringSchedulingIgnoredDuringExecution",
                    "preference",
                    "weight",
                    "key",
                    "operator",
                    "values",
                    "value",
                    "effect",
                    "topologyKey",
                    "podAffinityTerm",
                    "labelSelector",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SCHEDULING | VALUES, st.sampled_from(["init-containers", "affinity", "tolerations"]), st.sampled_from([None, 1]), st.booleans())
def test_no_annotation_makes_a_check_crash(tmp_path, value, name, indent, block):
    key = f"{'pod' if name == 'init-containers' else 'scheduler'}.alpha.kubernetes.io/{name}"
    written = json.dumps(value, indent=indent)
    inside = "|\n" + "".join(f"      {line}\n" for line in written.split("\n")) if block else json.dumps(written)
    file = tmp_path / "a.yaml"
    file.write_text(f"metadata:\n  annotations:\n    {key}: {inside}\n", "utf-8")
    for each in OWN["pods"]:
        for place, message in each.function(Tree(tmp_path, [file])):
            assert place.source[place.column - 1 : place.column - 1 + place.width]
            assert message and "\n" not in message and message[-1] != "." and len(message) < 400


@pytest.mark.parametrize("kind, name", [("cni", "a.conf"), ("pods", "a.yaml")])
@pytest.mark.parametrize(
    "text", ['{"a": [' * 30 + "]}" * 30, "9" * 100_000, '"' + "x" * 500_000 + '"', "[" * 50_000, '{"": 1}', '{"spec": 1, "ipam": [1]}']
)
def test_odd_texts_end_quickly(tmp_path, kind, name, text):
    (tmp_path / name).write_text(text + "\n", "utf-8")
    tree = Tree(tmp_path, [tmp_path / name])
    for each in OWN[kind]:
        assert all(len(message) < 400 for _, message in each.function(tree))


def test_many_unknown_keys_end_quickly(tmp_path):
    members = ",\n".join(f'"isGatewa{number}": 1' for number in range(40_000))
    (tmp_path / "a.conf").write_text(f'{{"type": "bridge", {members}}}\n', "utf-8")
    found = list(CHECKS["cni_keys_are_known"].function(Tree(tmp_path, [tmp_path / "a.conf"])))
    assert len(found) == 40_000


def test_broken_is_said_once(tmp_path):
    for kind, name in (("cni", "a.conf"), ("pods", "a.yaml")):
        (tmp_path / name).write_text("{'a: [\n", "utf-8")
        tree = Tree(tmp_path, [tmp_path / name])
        assert [each.name for each in OWN[kind] for _ in each.function(tree)] == [f"{'cni_is_json' if kind == 'cni' else 'pod_is_yaml'}"]
    with pytest.raises(Broken):
        parse_yaml("{'a: [\n")
