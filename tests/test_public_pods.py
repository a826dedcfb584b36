"""The public example Pods of the time of Kubernetes 1.3 that were valid in it pass, and those that it refused do not."""

import hashlib
import json
import subprocess
import sys

import pytest
from conftest import ROOT

from checks.findings import CHECKS, load

load()
FOLDER = ROOT / "tests" / "pods-1.3"
KNOWN = json.loads((FOLDER / "provenance.json").read_text("utf-8"))

# What these checks ask is what the API asks. All others are rules of this guide or of rktnetes, stricter than the API.
OF_THE_API = {
    "pod_is_yaml", "pod_fits_api", "pod_names_are_well_formed", "pod_annotations_are_valid", "pod_ports_are_valid", "probe_has_one_action",
    "pod_resources_are_quantities", "value_of_pod_is_given", "volume_has_one_source", "mount_names_a_volume", "pod_paths_are_valid",
}  # fmt: skip
# Stricter rules about Pods, which the examples would be free to break: each with the reason that it is a rule all the same.
STRICTER = {
    "variable_is_set_once": "the API takes the last of two; a reader sees the first",
    "resource_is_known_to_rkt": "rktnetes starts no Pod with another resource than cpu and memory",
    "pod_volumes_are_mounted": "a volume that nothing mounts makes a reader search",
    "stage1_override_is_privileged": "rktnetes starts no other Pod with that annotation",
    "stage1_image_is_known": "rkt has no other image",
    "fly_pod_has_one_container": "stage1-fly runs one app",
    "kubelet_in_pod_has_flags_of_1_3": "the kubelet ends at an unknown flag",
}


def found(names: list[str]) -> dict[str, list[str]]:
    """What the command says of some files as Pods: name → findings."""
    files = [str(FOLDER / name) for name in names]
    command = [sys.executable, "-m", "checks", "--kind", "pod", "--no-lab", "--format", "json", *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    said = {name: [] for name in names}
    for each in json.loads(done.stdout)["findings"]:
        name = next(name for name in names if each["path"].endswith(name))
        said[name].append(f"{each['line']}:{each['column']}: {each['message']} [{each['check']}]")
    return said


@pytest.fixture(scope="module")
def said() -> dict[str, list[str]]:
    return found(sorted(KNOWN))


def test_every_example_is_what_was_published():
    present = {path.relative_to(FOLDER).as_posix() for folder in ("valid", "refused") for path in (FOLDER / folder).iterdir()}
    assert present == set(KNOWN)
    for name, entry in KNOWN.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == entry["sha256"], name
        assert entry["repository"] in ("kubernetes/kubernetes", "kubernetes/website") and len(entry["commit"]) == 40
        assert name.startswith("refused/") == ("refused" in entry) == ("findings" in entry)


def test_there_are_enough_examples_of_many_kinds():
    valid = [(FOLDER / name).read_text("utf-8") for name in KNOWN if name.startswith("valid/")]
    assert len(valid) >= 50
    for field in (
        "emptyDir", "hostPath", "gcePersistentDisk", "azureFile", "cephfs", "fc", "flexVolume", "glusterfs", "iscsi", "rbd", "vsphereVolume",
        "configMap", "secret", "downwardAPI", "persistentVolumeClaim", "livenessProbe", "readinessProbe", "httpGet", "tcpSocket", "exec",
        "lifecycle", "capabilities", "nodeSelector", "hostNetwork", "hostPort", "resources", "fieldRef", "resourceFieldRef",
        "configMapKeyRef", "secretKeyRef", "imagePullSecrets", "serviceAccountName", "init-containers", "affinity",
    ):  # fmt: skip
        assert any(f"{field}:" in text or f'{field}"' in text for text in valid), field


@pytest.mark.parametrize("name", [name for name in KNOWN if name.startswith("valid/")])
def test_example_that_was_valid_passes(name, said):
    assert said[name] == []


@pytest.mark.parametrize("name", [name for name in KNOWN if name.startswith("refused/")])
def test_example_that_was_refused_is_refused_where_it_is_wrong(name, said):
    assert said[name] == KNOWN[name]["findings"] != []


def test_every_check_of_pods_is_of_the_api_or_stricter():
    modules = ("checks.pods", "checks.annotations", "checks.containers", "checks.values", "checks.volumes", "checks.stages")
    assert {name for name, check in CHECKS.items() if check.function.__module__ in modules} == OF_THE_API | set(STRICTER)
    for name, check in CHECKS.items():
        if name in OF_THE_API:
            assert "stricter than the API" not in (check.function.__doc__ or ""), name
