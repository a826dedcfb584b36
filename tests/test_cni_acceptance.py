"""The static checks of network configurations are held to what real plugins did with 111 of them.

A configuration fails with a set of plugins when they refuse it, or take it and leave the pod without a way out (no default
route, or a gateway that nobody holds), or answer in a form in which rkt finds no address. Aimed at a set, the checks have to find something in
each of those, and nothing in the others, except by the rules that are stricter on purpose; aimed at none, what fails with any set.
"""

import json
from pathlib import Path

import pytest

from checks import plugin_sets
from checks.facts import load as facts
from checks.findings import Finding, load, run
from checks.plugin_sets import SETS
from checks.schemas import load as schema
from checks.tree import Tree

CASES = facts("cni-acceptance")["cases"]

# The subnet.env of a case that does not speak of it.
COMPLETE = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.1.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n"

# Rules that a plugin called by hand does not have: what has no effect, and what rkt itself needs.
STRICTER = {"cni_keys_are_known", "conf_is_read_by_rkt", "network_is_named_rkt_kubernetes_io"}

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
    "f012-delegate-unknown-key": {'"fooBar"'},
    "f013-top-unknown-key": {'"fooBar"'},
    "f01b-ipam-at-top": {'"ipam"'},
    "f022-type-absent": {"{"},
}


# Where the findings of each failing configuration stand: line, column, and the text that is marked there.
PLACES = {
    "b010-isGateway-string-true": ['7:16 "true"'],
    "b011-isGateway-1": ["7:16 1"],
    "b013-isGateway-absent": ['3:11 "bridge"'],
    "b014-isGateway-null": ["7:16 null"],
    "b020-ipMasq-string": ['8:13 "true"'],
    "b022-duplicate-key-last-wins": ["8:16 false"],
    "b030-mtu-string": ['5:10 "1460"'],
    "b036-mtu-70000": ["5:10 70000"],
    "b046-bridge-space": ['4:13 "my bridge"'],
    "b051-subnet-no-prefix": ['11:15 "10.22.0.0"'],
    "b052-subnet-prefix-33": ['11:15 "10.22.0.0/33"'],
    "b053-subnet-garbage": ['11:15 "not-a-subnet"'],
    "b054-subnet-host-bits": ['11:15 "10.22.0.5/16"'],
    "b055-subnet-slash31": ['11:15 "10.22.0.0/31"'],
    "b056-subnet-slash32": ['11:15 "10.22.0.1/32"'],
    "b05a-subnet-leading-zero": ['11:15 "10.022.0.0/16"'],
    "b061-gateway-outside-subnet": ['12:16 "10.23.0.1"'],
    "b062-gateway-octet-999": ['12:16 "10.22.0.999"'],
    "b063-gateway-garbage": ['12:16 "foo"'],
    "b064-gateway-with-prefix": ['12:16 "10.22.0.1/16"'],
    "b070-routes-absent": ['9:3 "ipam"'],
    "b071-routes-empty": ['13:5 "routes"'],
    "b072-routes-object": ["13:15 {"],
    "b076-route-dst-absent": ['13:5 "routes"', "14:7 {"],
    "b077-route-gw-good": ['13:5 "routes"'],
    "b078-route-gw-outside": ['13:5 "routes"', '16:15 "10.50.0.1"'],
    "b082-ipam-null": ['9:3 "ipam"'],
    "b085-ipam-type-absent": ['9:3 "ipam"'],
    "b087-ipam-type-number": ["10:13 5"],
    "b08b-ipam-rangeStart-outside": ['18:19 "10.99.5.10"', '19:17 "10.99.5.20"'],
    "b08c-ipam-rangeStart-after-End": ['18:19 "10.22.5.20"'],
    "b092-type-number": ["3:11 5"],
    "b0a0-name-absent": ["1:1 {"],
    "b0a1-name-empty": ['2:11 ""'],
    "b0a3-name-null": ['2:3 "name"'],
    "b0a7-name-list": ["2:11 ["],
    "b0a9-name-slash-cv040": ['2:11 "a/b"', '2:11 "a/b"', '19:17 "0.4.0"'],
    "b0aa-name-absent-cv040": ["1:1 {", '18:17 "0.4.0"'],
    "b0ab-name-space-cv040": ['2:11 "rkt kubernetes io"', '2:11 "rkt kubernetes io"', '19:17 "0.4.0"'],
    "b0b0-json-trailing-comma": ["14:29 ,"],
    "b0b1-json-missing-brace": ["16:3 }"],
    "b0b2-json-comment": ["5:16 // comment"],
    "b0b3-json-single-quotes": ["2:3 'name'"],
    "b0b6-json-bom": ["1:1 "],
    "b0b7-json-trailing-garbage": ["18:1 EOF"],
    "b0c-cniVersion-0.3.0": ['19:17 "0.3.0"'],
    "b0c-cniVersion-1.1.0": ['19:17 "1.1.0"'],
    "b0c-cniVersion-9.9.9": ['19:17 "9.9.9"'],
    "b0c-cniVersion-0.3": ['19:17 "0.3"'],
    "b0d1-hairpin-and-promisc": ["20:18 true"],
    "b0d4-dns-string": ['19:10 "10.22.0.1"'],
    "b0d6-vlan-5000": ["19:11 5000"],
    "b0e1-isDefaultGateway-and-default-route": ['15:16 "0.0.0.0/0"'],
    "b0e2-minimal": ['1:39 "bridge"', '1:49 "ipam"'],
    "f002-no-delegate": ['3:11 "flannel"'],
    "f003-delegate-empty": ['4:3 "delegate"'],
    "f006-isDefaultGateway-string": ['5:25 "true"'],
    "f008-isDefaultGateway-top-level-only": ['1:39 "flannel"'],
    "f00c-delegate-type-ptp": ['5:13 "ptp"'],
    "f010-delegate-mtu-string": ['6:12 "1400"'],
    "f015-delegate-ipMasq-string": ['6:15 "false"'],
    "f017-subnetFile-number": ["7:17 5"],
    "f01a-key-delegates": ['3:11 "flannel"'],
    "f021-name-number": ["2:11 5"],
    "f030-json-trailing-comma": ["5:33 ,"],
    "f031-json-empty": ["1:1 "],
    "f032-json-array": ["1:1 [{"],
    "f041-env-no-subnet": ["1:1 F"],
    "f044-env-no-network": ["1:1 F"],
    "f05-cniVersion-0.3.0": ['7:17 "0.3.0"'],
    "f05-cniVersion-0.3.1": ['7:17 "0.3.1"'],
    "f05-cniVersion-0.4.0": ['7:17 "0.4.0"'],
    "f05-cniVersion-1.0.0": ['7:17 "1.0.0"', '7:17 "1.0.0"'],
    "f05-cniVersion-9.9.9": ['7:17 "9.9.9"'],
}


def failing(case: dict) -> list[str]:
    """The sets of plugins with which a configuration fails."""
    verdicts = {name: case["verdicts"].get(each["verdicts"]) for name, each in facts("plugin-sets")["sets"].items()}
    return [name for name, verdict in verdicts.items() if verdict and not works(verdict)]


def works(verdict: dict) -> bool:
    return verdict["accepted"] and verdict["default_route"] and verdict["gateway_on_bridge"] and verdict["result_form"] == "ip4"


def fails(case: dict, plugins: str) -> bool:
    """Whether a configuration fails with a set of plugins, or (without a name) with any that was tried."""
    return plugins in failing(case) if plugins else bool(failing(case))


def findings(case: dict, root: Path, plugins: str = "") -> list[Finding]:
    """What the checks of `checks.cni` find in a case, aimed at a set of plugins."""
    (root / "snippets/cni").mkdir(parents=True, exist_ok=True)
    (root / "snippets/env").mkdir(exist_ok=True)
    (root / "snippets/cni/10-case.conf").write_text(case["conf"], "utf-8")
    (root / "snippets/env/subnet.env").write_text(case.get("subnet_env", COMPLETE), "utf-8")
    tree = Tree(root, [root / "snippets/cni/10-case.conf", root / "snippets/env/subnet.env"])
    tree.plugins = plugins
    return run(tree, [name for name, each in load().items() if each.function.__module__ == "checks.cni" or name == "file_is_readable_text"])


def marked(finding: Finding) -> str:
    """The text at the place of a finding."""
    return finding.place.source[finding.place.column - 1 : finding.place.column - 1 + finding.place.width]


def test_all_cases_are_here():
    assert len(CASES) == 111
    assert set(DISAGREEMENTS) | set(FOUND_BY_STRICTER) <= {case["case"] for case in CASES}


@pytest.mark.parametrize("plugins", ["", *SETS])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_verdict_is_that_of_the_plugins(case, plugins, tmp_path):
    tried = {name for name, each in facts("plugin-sets")["sets"].items() if each["verdicts"] in case["verdicts"]}
    if plugins and plugins not in tried:
        assert plugins == "1.1.1" and case["plugin"] == "flannel", "1.1.1 has no flannel, so nothing was tried; all others were"
        return
    found = {finding.check for finding in findings(case, tmp_path, plugins)}
    agrees = bool(found - {"cni_keys_are_known"}) if fails(case, plugins) else not found - STRICTER
    assert agrees != (case["case"] in DISAGREEMENTS), found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_message_says_which_plugins_fail(case, tmp_path):
    """Aimed at none, a finding says with which sets it fails, where it does not with all that were tried."""
    said = [finding.message for finding in findings(case, tmp_path) if finding.check not in STRICTER - {"conf_is_read_by_rkt"}]
    broken = failing(case)
    tried = [name for name, each in facts("plugin-sets")["sets"].items() if each["verdicts"] in case["verdicts"]]
    if case["case"] not in DISAGREEMENTS and broken and broken != tried:
        assert any(message.endswith(plugin_sets.said(broken, tried)) for message in said), said
    elif broken:
        assert case["case"] in DISAGREEMENTS or not all("(fails with" in message for message in said), said
    else:
        assert not any("(fails with" in message for message in said), said


@pytest.mark.parametrize("case", [case for case in CASES if failing(case)], ids=lambda case: case["case"])
def test_finding_stands_at_the_key_at_fault(case, tmp_path):
    found = [finding for finding in findings(case, tmp_path) if finding.check != "cni_keys_are_known"]
    assert [f"{each.place.line}:{each.place.column} {marked(each)}" for each in found] == PLACES.get(case["case"], [])
    assert bool(found) != (case["case"] in DISAGREEMENTS)


@pytest.mark.parametrize("name", facts("plugin-sets")["differences"])
def test_difference_is_what_the_plugins_did(name):
    difference = facts("plugin-sets")["differences"][name]
    if "case" not in difference:
        assert difference["because"], "what no case shows is read in the code, and the facts say where"
        return
    case = next(case for case in CASES if case["case"] == difference["case"])
    assert difference["fails_with"] == failing(case)


@pytest.mark.parametrize("case", [case for case in CASES if not failing(case)], ids=lambda case: case["case"])
def test_stricter_rules_find_what_is_listed(case, tmp_path):
    found = {marked(finding) for finding in findings(case, tmp_path) if finding.check in STRICTER}
    listed = FOUND_BY_STRICTER.get(case["case"], set()) | (
        {'"addIf"'} if '"addIf"' in case["conf"] and '"type": "bridge"' in case["conf"] else set()
    )
    assert found == listed


@pytest.mark.parametrize("plugin, facts_name", [("bridge", "bridge"), ("host-local", "host_local"), ("flannel", "flannel"), ("ptp", "ptp")])
def test_schema_has_the_keys_of_the_facts(plugin, facts_name):
    known = facts("cni")["plugins"][facts_name]
    own = next(part for name, part in known.items() if name.startswith("rkt-bundled"))["keys"]
    later = [key for part in known.values() if isinstance(part, dict) for key in part.get("keys_added", [])]
    keys = schema("cni")["$defs"][plugin]["properties"]
    of_any_network = {"name", "type", "cniVersion", "args", "dns"}
    read = {key for key, part in keys.items() if part is True or not {"x-read-by", "x-ignored"} & set(part)}
    assert read - of_any_network == {key["key"] for key in own} - of_any_network
    named = (set(keys) - read) | set(schema("cni")["$defs"][plugin].get("x-others", ())) | {"runtimeConfig"}
    assert {key["key"].split(".")[0] for key in later} - {"args"} <= named
    for key in own:
        kind = {"boolean": "boolean", "integer": "integer", "object": "object", "list of {dst,gw}": "array"}.get(key["type"], "string")
        part = keys[key["key"]]
        part = schema("cni")["$defs"][part["$ref"].rsplit("/", 1)[-1]] if "$ref" in part else part
        assert part["type"] == kind, key


def test_example_of_the_facts_passes(tmp_path):
    example = facts("cni")["plugins"]["flannel"]["delegate_expansion"]["example_for_guide"]
    environment = "".join(f"{name}={value}\n" for name, value in example["subnet_env"].items())
    assert findings({"conf": json.dumps(example["input"]), "subnet_env": environment}, tmp_path) == []
