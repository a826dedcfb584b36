"""Checks of the volumes of Pods: their sources, their mounts and the paths that both name."""

from checks.apis import fields, misspells
from checks.documents import Broken
from checks.findings import check
from checks.manifests import Pod, items, named, objects, string
from checks.pods import pods_of
from checks.schemas import nearest, shown

# Paths that lie inside of a volume: type, key, and whether even a name that only starts with two dots is refused.
_INSIDE = {
    ("VolumeMount", "subPath"): False,
    ("GitRepoVolumeSource", "directory"): False,
    ("KeyToPath", "path"): True,
    ("DownwardAPIVolumeFile", "path"): True,
}


@check()
def volume_has_one_source(tree):
    """No volume of a Pod has two sources.

    Of two the server takes neither. A volume without a source is an `emptyDir`, and so is one whose source is empty.

    Keep the source that is meant.

    Source: `checks/facts/pod-rules.json` (the validation and the defaults of Kubernetes 1.3).
    """
    for file, pod in pods_of(tree):
        for volume in pod.every("Volume"):
            name = f"volume {shown(string(volume, 'name'))}" if string(volume, "name") else "the volume"
            known = fields("Volume") - {"name"}
            sources = [member for member in volume.unique() if member.key in known and not member.node.is_null]
            for member in sources[1:]:
                yield file.place(member.start, member.end), f"a second source of {name}; keep one"


@check()
def mount_names_a_volume(tree):
    """Each mount of a container names a volume of the Pod, and no two mounts of a container share a path.

    A mount of a volume that does not exist is refused, and so is a path with a colon, which would end the path for the
    program that mounts it. Init containers of 1.3, which stand in an annotation, count.

    Add the volume or mend its name; write another path.

    Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3).
    """
    for file, pod in pods_of(tree):
        known = _volumes(pod)
        for container in pod.every("Container"):
            paths: set[str] = set()
            for mount in items(container, "volumeMounts"):
                name, path = string(mount, "name"), string(mount, "mountPath")
                if name and known is not None and name not in known:
                    near = nearest(name, known) or "; add it to spec.volumes"
                    yield file.place(*mount.span(["name"])), f"no volume is called {shown(name)}{near}"
                place = file.place(*mount.span(["mountPath"]))
                if ":" in path:
                    yield place, f"mountPath is {shown(path)}; write a path without a colon"
                elif path and path in paths:
                    yield place, f"{shown(path)} is mounted twice in one container; write another path"
                paths.add(path)


@check()
def pod_paths_are_valid(tree):
    """Paths in the volumes of a Pod lie where the API lets them lie.

    What a volume or a mount names inside of a volume (`subPath`, `directory`, the `path` of an item) is relative and
    never leads upwards. The path of an NFS export is absolute, and the name of a Flocker dataset holds no slash. Today
    the path of a `hostPath` leads nowhere upwards either.

    Write the path as the message says.

    Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3); hostPath: general knowledge of later
    releases, not read again.
    """
    for file, pod in pods_of(tree):
        for kind, node in pod.parts:
            for (of, key), reserved in _INSIDE.items():
                if of == kind and (words := _outside(string(node, key), reserved)):
                    yield file.place(*node.span([key])), f"{key} is {shown(string(node, key))}; {words}"
            path = string(node, "path")
            if kind == "NFSVolumeSource" and path and not path.startswith("/"):
                yield file.place(*node.span(["path"])), f"path is {shown(path)}; write an absolute path"
            if kind == "HostPathVolumeSource" and ".." in path.split("/"):
                yield file.place(*node.span(["path"])), f"path is {shown(path)}; write a path without .. (API of 1.37)"
            if kind == "FlockerVolumeSource" and "/" in string(node, "datasetName"):
                words = f"datasetName is {shown(string(node, 'datasetName'))}; write a name without a slash"
                yield file.place(*node.span(["datasetName"])), words


@check()
def pod_volumes_are_mounted(tree):
    """Each volume of a Pod is mounted by one of its containers.

    This is stricter than the API. A volume that nothing mounts is a left-over that makes a reader search; the kubelet
    sets it up all the same, and the Pod waits for it. Init containers of 1.3, which stand in an annotation, count.

    Mount the volume, or delete it.

    Source: a rule of this guide.
    """
    for file, pod in pods_of(tree):
        used, known = _mounted(pod), _volumes(pod)
        if used is None or known is None or used - {*known}:
            continue  # what other checks name may be the mount that is missing here
        for volume in objects(pod.root.at(["spec", "volumes"])):
            name = string(volume, "name")
            if name and name not in used:
                yield file.place(*volume.span(["name"])), f"no container mounts volume {shown(name)}; mount it or delete it"


def _volumes(pod: Pod) -> list[str] | None:
    """The names of a Pod's volumes; None where what is wrong with their list keeps them from being known."""
    spec = pod.root.at(["spec"])
    clear = spec is not None and spec.kind == "object" and not misspells("PodSpec", spec, "volumes")
    return named(spec, "volumes") if clear else None


def _mounted(pod: Pod) -> set[str] | None:
    """The names of the volumes that are mounted; None where what is wrong with a container keeps them from being known."""
    spec = pod.root.at(["spec"])
    clear = (
        spec is not None
        and spec.kind == "object"
        and not misspells("PodSpec", spec, "containers")
        and named(spec, "containers") is not None
    )
    if not clear or isinstance(pod.init, Broken):
        return None
    mounts = [named(container, "volumeMounts") for container in pod.every("Container")]
    if not mounts or None in mounts or any(misspells("Container", container, "volumeMounts") for container in pod.every("Container")):
        return None
    return {name for names in mounts for name in names}


def _outside(path: str, reserved: bool) -> str:
    """What to write instead of a path that does not stay inside of a volume; nothing for one that does."""
    if path.startswith("/"):
        return "write a relative path"
    if ".." in path.split("/"):
        return "write a path without .."
    return "write a path that does not start with two dots" if reserved and path.startswith("..") else ""
