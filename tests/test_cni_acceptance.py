"""The static checks of network configurations are held to what real plugins did with 111 of them.

A configuration is trouble when any set of plugins refuses it, or takes it and leaves the pod without a way out (no default
route, or a gateway that nobody holds). The checks have to find something in each of those, and nothing in the others, except
by the rules that are stricter on purpose.
"""

import json
from pathlib import Path

import pytest

from checks.facts import load as facts
from checks.findings import CHECKS, load
from checks.schemas import load as schema
from checks.tree import Tree

CASES = facts("cni-acceptance")["cases"]

# The subnet.env of a case that does not speak of it.
COMPLETE = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"

# Rules that a plugin called by hand does not have: they speak of names, of files and of what rkt itself needs.
STRICTER = {"cni_keys_are_known", "conf_is_read_by_rkt"}

# Where the checks and the plugins disagree, and why that is right.
DISAGREEMENTS = {
    "f001-no-subnet-env": "the configuration is right; on the node flanneld had written no file, and there is no file to check",
    "h000-host-local-direct": "the configuration is right; here host-local was called by hand in the place of bridge",
}

# What the stricter rules find in configurations that work: the text at the place of each finding. `addIf`, which most cases
# of bridge hold, is left out.
FOUND_BY_STRICTER = {
    "b004-unknown-key": {'"fooBar"'},
    "b015-key-isgateway-lowercase": {'"isgateway"'},
    "b079-route-unknown-key": {'"metric"'},
    "b090-type-absent": {"{"},
    "b0c-cniVersion-0.3.0": {'"0.3.0"'},
    "f012-delegate-unknown-key": {'"fooBar"'},
    "f013-top-unknown-key": {'"fooBar"'},
    "f01b-ipam-at-top": {'"ipam"'},
    "f022-type-absent": {"{"},
    "f05-cniVersion-0.3.0": {'"0.3.0"'},
    "f05-cniVersion-0.3.1": {'"0.3.1"'},
    "f05-cniVersion-0.4.0": {'"0.4.0"'},
}


def is_trouble(case: dict) -> bool:
    """Whether any set of plugins refuses the configuration, or leaves the pod without a way out."""
    return not all(v["accepted"] and v["default_route"] and v["gateway_on_bridge"] for v in case["verdicts"].values())


def findings(case: dict, root: Path) -> list[tuple[str, str]]:
    """What is found in a case: the name of each check of `checks.cni`, and the text at the place."""
    load()
    (root / "snippets/cni").mkdir(parents=True, exist_ok=True)
    (root / "snippets/env").mkdir(exist_ok=True)
    (root / "snippets/cni/10-case.conf").write_text(case["conf"], "utf-8")
    (root / "snippets/env/subnet.env").write_text(case.get("subnet_env", COMPLETE), "utf-8")
    tree = Tree(root)
    found = [
        (name, place.source[place.column - 1 : place.column - 1 + place.width])
        for name, each in CHECKS.items()
        if each.function.__module__ == "checks.cni"
        for place, _ in each.function(tree)
    ]
    return found + [("file_is_readable_text", message) for _, message in tree.unreadable]


def test_all_cases_are_here():
    assert len(CASES) == 111
    assert set(DISAGREEMENTS) | set(FOUND_BY_STRICTER) <= {case["case"] for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_verdict_is_that_of_the_plugins(case, tmp_path):
    found = {name for name, _ in findings(case, tmp_path)} - STRICTER
    agrees = bool(found) == is_trouble(case)
    assert agrees != (case["case"] in DISAGREEMENTS), found


@pytest.mark.parametrize("case", [case for case in CASES if not is_trouble(case)], ids=lambda case: case["case"])
def test_stricter_rules_find_what_is_listed(case, tmp_path):
    found = {text for name, text in findings(case, tmp_path) if name in STRICTER}
    listed = FOUND_BY_STRICTER.get(case["case"], set()) | (
        {'"addIf"'} if '"addIf"' in case["conf"] and '"type": "bridge"' in case["conf"] else set()
    )
    assert found == listed


def test_place_is_inside_of_the_configuration(tmp_path):
    for case in CASES:
        for name, text in findings(case, tmp_path):
            assert text or case["conf"] == "", (case["case"], name)


@pytest.mark.parametrize("plugin, facts_name", [("bridge", "bridge"), ("host-local", "host_local"), ("flannel", "flannel"), ("ptp", "ptp")])
def test_schema_has_the_keys_of_the_facts(plugin, facts_name):
    known = facts("cni")["plugins"][facts_name]
    own = next(part for name, part in known.items() if name.startswith("rkt-bundled"))["keys"]
    later = [key for part in known.values() if isinstance(part, dict) for key in part.get("keys_added", [])]
    keys = schema("cni")["$defs"][plugin]["properties"]
    of_any_network = {"name", "type", "cniVersion", "args", "dns"}
    assert {key for key, part in keys.items() if "x-since" not in part} - of_any_network == {key["key"] for key in own} - of_any_network
    assert {key["key"].split(".")[0] for key in later} - {"args"} <= {key for key, part in keys.items() if "x-since" in part} | {
        "runtimeConfig"
    }
    for key in own:
        kind = {"boolean": "boolean", "integer": "integer", "object": "object", "list of {dst,gw}": "array"}.get(key["type"], "string")
        part = keys[key["key"]]
        part = schema("cni")["$defs"][part["$ref"].rsplit("/", 1)[-1]] if "$ref" in part else part
        assert part["type"] == kind, key


def test_example_of_the_facts_passes(tmp_path):
    example = facts("cni")["plugins"]["flannel"]["delegate_expansion"]["example_for_guide"]
    environment = "".join(f"{name}={value}\n" for name, value in example["subnet_env"].items())
    assert findings({"conf": json.dumps(example["input"]), "subnet_env": environment}, tmp_path) == []
