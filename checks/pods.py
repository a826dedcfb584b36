"""Checks of Pod manifests (`snippets/pods/*.yaml`): the API of 1.3 and of today, names, volumes, stage1, the kubelet's arguments."""

import posixpath
import re
from collections.abc import Iterator

from checks import schemas
from checks.arguments import faults
from checks.documents import Broken, Member, Node, parse_json
from checks.facts import load as facts
from checks.findings import check
from checks.manifests import containers, quantity, read, schema_1_3, schema_current, text

STAGE1 = "rkt.alpha.kubernetes.io/stage1-name-override"
FLY = "coreos.com/rkt/stage1-fly"

_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_PORT = re.compile(r"(?=.{1,15}\Z)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_QUALIFIED = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")

_SIGNS = "write at most 63 letters, digits, - _ and ."


@check()
def pod_is_yaml(tree):
    """A Pod manifest is YAML in which every key stands once.

    Nothing else can be said of a file that is not YAML. Aliases, merge keys and tags are refused: a reader has to
    see each value where it counts. Plain words are read as Kubernetes reads them: `yes` and `on` are booleans,
    `0644` is octal.

    Mend what the message names; the other checks of the file wait for that.

    Source: YAML 1.1, which the YAML library of Kubernetes follows (general knowledge of that library, not read
    again).
    """
    for file in tree.snippets("pods"):
        roots = read(file.text)
        if isinstance(roots, Broken):
            yield file.place(roots.start, roots.end), roots.message
            continue
        if not roots:
            yield file.place(0), "nothing stands here; write a Pod"
        for root in roots:
            for member in root.doubled():
                yield (
                    file.place(member.start, member.end),
                    f"{schemas.shown(member.key)} stands twice in one object; keep the one that is meant",
                )


@check()
def pod_fits_api_1_3(tree):
    """A Pod manifest has only fields that the API of Kubernetes 1.3 knows, each with a value of its type.

    The guide speaks of 1.3, the release that rktnetes came with. A field that came later means nothing to a server
    of that time: `initContainers`, for one, came with 1.6. Values of annotations and labels are strings, so `true`
    and numbers stand in quotes there. `privileged` belongs in the `securityContext` of a container; that of the
    Pod has no such field.

    Write the field as the message says, or delete it.

    Source: `checks/facts/pod-1.3.json` (the published API of 1.2.2 with what 1.3 added, each addition dated). That
    `image` is required, and the values that a field can choose from, are general knowledge of the API.
    """
    yield from _api(tree, schema_1_3(), "1.3")


@check()
def pod_fits_current_api(tree):
    """A Pod manifest is also one that a current Kubernetes takes.

    Whoever migrates a node takes the manifests along. Every field of a Pod in the API of 1.3 still exists, so a
    manifest has no reason not to fit both.

    Write the field as the message says.

    Source: `checks/facts/pod-current.json`, the schema of Kubernetes 1.37 from the package `kubernetes-validate`
    1.37.0, with its hash.
    """
    yield from _api(tree, schema_current(), "1.37")


@check()
def pod_names_are_well_formed(tree):
    """Every name in a Pod manifest has the form that the API asks for, and no two of a kind are the same.

    A Pod's name is a DNS subdomain (`kube-proxy.node1`); containers, volumes and namespaces have DNS labels: small
    letters, digits and dashes, at most 63. A port has at most 15 characters, one of them a letter. A variable is a
    C identifier. The names of containers, of volumes, of ports in one container and of variables in one container
    differ. Keys and values of labels have a form of their own, at most 63 characters.

    Write a name of that form.

    Source: RFC 1123 and RFC 6335; the validation of the Kubernetes API (general knowledge, not read again).
    """
    label = "write small letters, digits and dashes, at most 63"
    for file, pod in _pods(tree):
        yield from _form(file, pod, ["metadata", "name"], _SUBDOMAIN, "write small letters, digits, dashes and dots")
        yield from _form(file, pod, ["metadata", "namespace"], _LABEL, label)
        for kind in ("containers", "volumes"):
            yield from _names(file, pod.at(["spec", kind]), _LABEL, label)
        for container in containers(pod):
            yield from _names(
                file, container.at(["ports"]), _PORT, "write at most 15 small letters, digits and single dashes, one letter at least"
            )
            yield from _names(file, container.at(["env"]), _VARIABLE, "write letters, digits and underscores, no digit first")
        yield from _labels(file, pod)


@check()
def pod_ports_are_valid(tree):
    """The ports of a Pod are numbers from 1 to 65535, and no two of its containers take the same port of the node.

    A `hostPort` is a port of the node, so it can be taken once only. With `hostNetwork: true` every port is one of
    the node's, and a `hostPort` that differs from its `containerPort` is refused.

    Write a free port.

    Source: the validation of the Kubernetes API (general knowledge, not read again).
    """
    for file, pod in _pods(tree):
        taken: dict[tuple, int] = {}
        on_host = pod.at(["spec", "hostNetwork"]) is not None and pod.at(["spec", "hostNetwork"]).value is True
        for port in [port for container in containers(pod) if (ports := container.at(["ports"])) for port in ports.items]:
            inner, outer = (member.node if (member := port.member(key)) else None for key in ("containerPort", "hostPort"))
            for node in (inner, outer):
                if node and isinstance(node.value, int) and not 1 <= node.value <= 65535:
                    yield (
                        file.place(node.start, node.end),
                        f"port {schemas.shown(node.value)} does not exist; write a number from 1 to 65535",
                    )
            if outer is None:
                continue
            key = (outer.value, text(port, "protocol") or "TCP", text(port, "hostIP"))
            if taken.setdefault(key, outer.start) != outer.start:
                yield file.place(outer.start, outer.end), f"port {schemas.shown(outer.value)} of the node is taken twice; write another"
            if on_host and inner and outer.value != inner.value:
                words = (
                    f"hostPort differs from containerPort, although the Pod is in the node's network; write {schemas.shown(inner.value)}"
                )
                yield file.place(outer.start, outer.end), words


@check()
def pod_volumes_are_mounted(tree):
    """Each volume of a Pod has one source and is mounted, and each mount names a volume of the Pod.

    A mount of a volume that does not exist is refused. A volume that nothing mounts is a left-over that makes a
    reader search. Two mounts of a container do not share a path. Init containers of 1.3, which stand in an
    annotation, count.

    Add the volume, mount it, or delete it.

    Source: the validation of the Kubernetes API (general knowledge, not read again).
    """
    for file, pod in _pods(tree):
        volumes = pod.at(["spec", "volumes"])
        known = {text(volume, "name"): volume for volume in (volumes.items if volumes else []) if text(volume, "name")}
        used = set(_mounted_by_init_containers(pod))
        for container in containers(pod):
            paths: set[str] = set()
            for mount in _items(container, "volumeMounts"):
                name, path = text(mount, "name"), text(mount, "mountPath")
                used.add(name)
                if name and name not in known:
                    near = schemas.nearest(name, known) or "; add it to spec.volumes"
                    yield file.place(*mount.span(["name"])), f"no volume is called {schemas.shown(name)}{near}"
                if path and path in paths:
                    yield (
                        file.place(*mount.span(["mountPath"])),
                        f"{schemas.shown(path)} is mounted twice in one container; write another path",
                    )
                paths.add(path)
        for name, volume in known.items():
            sources = [member for member in volume.unique() if member.key != "name"]
            if not sources:
                yield file.place(*volume.span(["name"])), f"volume {schemas.shown(name)} has no source; add one, such as emptyDir: {{}}"
            for member in sources[1:]:
                yield file.place(member.start, member.end), f"a second source of volume {schemas.shown(name)}; keep one"
            if name not in used:
                yield file.place(*volume.span(["name"])), f"no container mounts volume {schemas.shown(name)}; mount it or delete it"


@check()
def pod_resources_are_quantities(tree):
    """Limits and requests of a container are quantities of `cpu` or `memory`, and no request is above its limit.

    A quantity is a number with a suffix: `100m`, `0.5`, `128Mi`, `1e3`; `128MB` is none. rktnetes knows `cpu` and
    `memory` and refuses any other resource.

    Write a quantity, or delete the resource.

    Source: `checks/facts/pod-1.3.json` (Kubernetes v1.3.0 `pkg/api/resource`); Kubernetes 1.3
    `pkg/kubelet/rkt/rkt.go`.
    """
    for file, pod in _pods(tree):
        for container in containers(pod):
            amounts = {}
            for part in ("limits", "requests"):
                node = container.at(["resources", part])
                for member in node.unique() if node else ():
                    amounts[part, member.key] = quantity(member.node.value)
                    yield from _resource(file, member)
                    request, limit = amounts.get(("requests", member.key)), amounts.get(("limits", member.key))
                    if part == "requests" and request is not None and limit is not None and request > limit:
                        yield (
                            file.place(member.node.start, member.node.end),
                            f"more {member.key} is requested than the limit allows; write less",
                        )


@check()
def stage1_override_is_privileged(tree):
    """In a Pod that names its stage1 image, every container is privileged.

    The kubelet refuses to start a Pod with the annotation `rkt.alpha.kubernetes.io/stage1-name-override`, whatever
    its value, unless each of its containers has `privileged: true` in its own `securityContext`. The
    `securityContext` of the Pod has no such field.

    Add it to the container that the message marks.

    Source: Kubernetes 1.3 `pkg/kubelet/rkt/rkt.go`.
    """
    for file, pod in _pods(tree):
        if not _override(pod):
            continue
        for container in containers(pod):
            node = container.at(["securityContext", "privileged"])
            if node is None or node.is_null:
                place = container.span(["name"]) if container.member("name") else (container.start, container.start + 1)
                yield (
                    file.place(*place),
                    "not privileged, which a Pod with a stage1 image of its own needs; add securityContext: {privileged: true}",
                )
            elif node.value is not True:
                yield file.place(node.start, node.end), "not privileged, which a Pod with a stage1 image of its own needs; write true"


@check()
def stage1_image_is_known(tree):
    """The stage1 image that a Pod names is one of rkt's, by its name.

    The annotation `rkt.alpha.kubernetes.io/stage1-name-override` takes the name of an image
    (`coreos.com/rkt/stage1-fly`), with or without a version behind a colon, and neither a path nor an address.
    `coreos/rkt/stage1-coreos`, as older texts have it, is the name of no image.

    Write the name that the message suggests.

    Source: `checks/facts/rkt-cli.json` (rkt v1.13.0 and v1.30.0).
    """
    known = list(facts("rkt-cli")["stage1"]["images"])
    for file, pod in _pods(tree):
        member = _override(pod)
        value = member.node.value if member else None
        if isinstance(value, str) and not (value.partition(":")[0] in known and re.fullmatch(r"[^:]+(:[0-9][\w.+-]*)?", value)):
            near = schemas.nearest(value.partition(":")[0], known) or f"; known are {', '.join(known)}"
            yield file.place(member.node.start, member.node.end), f"rkt has no stage1 image {schemas.shown(value)}{near}"


@check()
def fly_pod_has_one_container(tree):
    """A Pod with the stage1 image fly has one container.

    stage1-fly runs a single app in a pod, so there is no place for a second container.

    Take another stage1 image, or make two Pods.

    Source: rkt v1.13.0 `Documentation/running-fly-stage1.md`.
    """
    for file, pod in _pods(tree):
        member = _override(pod)
        if member and isinstance(member.node.value, str) and member.node.value.partition(":")[0] == FLY:
            for container in containers(pod)[1:]:
                place = container.span(["name"]) if container.member("name") else (container.start, container.start + 1)
                yield file.place(*place), "a second container, but stage1-fly runs one; make it a Pod of its own"


@check()
def kubelet_in_pod_has_flags_of_1_3(tree):
    """The arguments of a kubelet that runs in a Pod are flags of the kubelet of Kubernetes 1.3, with values that they take.

    An unknown flag ends the kubelet at once. A boolean stands alone or with `=true` or `=false`; behind a blank,
    `false` is not its value. This guide writes flags with two dashes in front and dashes inside.

    Write the flag that the message suggests.

    Source: `checks/facts/kubelet-flags.json` (the options of 1.3 in full).
    """
    for file, pod in _pods(tree):
        for container in containers(pod):
            words = [word for key in ("command", "args") for word in _items(container, key)]
            names = [posixpath.basename(str(word.value)) for word in words[:2]]
            if names[:1] == ["kubelet"] or names == ["hyperkube", "kubelet"]:
                for word, message in faults(words[names.index("kubelet") + 1 :]):
                    yield file.place(word.start, word.end), message


def _pods(tree) -> Iterator[tuple]:
    """Each document of each manifest that is YAML."""
    for file in tree.snippets("pods"):
        roots = read(file.text)
        for root in roots if isinstance(roots, list) else ():
            yield file, root


def _api(tree, schema: dict, version: str):
    """What does not fit the API of a version; of an object that is no Pod, only that it is none."""
    for file, pod in _pods(tree):
        other = text(pod, "kind") not in ("", "Pod")
        for problem in schemas.problems(schema, pod):
            if not other or problem.start == pod.span(["kind"])[0]:
                yield file.place(problem.start, problem.end), f"{problem.message} (API of {version})"


def _items(node: Node, key: str) -> list[Node]:
    member = node.member(key)
    return member.node.items if member else []


def _override(pod: Node) -> Member | None:
    """The annotation that names a stage1 image."""
    annotations = pod.at(["metadata", "annotations"])
    return annotations.member(STAGE1) if annotations else None


def _form(file, node: Node, path: list, form: re.Pattern, words: str):
    value = text(node, *path)
    found = node.at(path)
    if found and isinstance(found.value, str) and not form.fullmatch(value):
        yield file.place(found.start, found.end), f"{path[-1]} is {schemas.shown(value)}; {words}"


def _names(file, items: Node | None, form: re.Pattern, words: str):
    """What is wrong with the names in a list of objects: their form, and the second of two that are the same."""
    seen: set[str] = set()
    for item in items.items if items else ():
        yield from _form(file, item, ["name"], form, words)
        name = text(item, "name")
        if name and name in seen:
            yield file.place(*item.span(["name"])), f"a second {schemas.shown(name)}; write another name"
        seen.add(name)


def _labels(file, pod: Node):
    """What is wrong with keys of labels and annotations and with values of labels."""
    for part in ("labels", "annotations"):
        node = pod.at(["metadata", part])
        for member in node.unique() if node else ():
            if not _QUALIFIED.fullmatch(member.key):
                words = f"{schemas.shown(member.key)} is no key of {part}; {_SIGNS}, or these behind a domain and a slash"
                yield file.place(member.start, member.end), words
            value = member.node.value
            if part == "labels" and isinstance(value, str) and not _LABEL_VALUE.fullmatch(value):
                words = f"{schemas.shown(member.key)} is {schemas.shown(value)}; {_SIGNS}, no sign first or last"
                yield file.place(member.node.start, member.node.end), words


def _mounted_by_init_containers(pod: Node) -> Iterator[str]:
    """The volumes that the init containers of 1.3 mount, which stand as JSON in an annotation."""
    annotations = pod.at(["metadata", "annotations"])
    for member in annotations.unique() if annotations else ():
        if re.fullmatch(r"pod\.(alpha|beta)\.kubernetes\.io/init-containers", member.key) and isinstance(member.node.value, str):
            try:
                items = parse_json(member.node.value).items
            except Broken:
                continue
            yield from (text(mount, "name") for container in items for mount in _items(container, "volumeMounts"))


def _resource(file, member: Member):
    if member.key not in ("cpu", "memory"):
        near = schemas.nearest(member.key, ("cpu", "memory")) or "; delete it"
        yield (
            file.place(member.start, member.end),
            f"rktnetes knows the resources cpu and memory alone, not {schemas.shown(member.key)}{near}",
        )
    elif member.node.kind == "scalar" and not member.node.is_null and quantity(member.node.value) is None:
        words = (
            f"{member.key} is {schemas.shown(member.node.value)}; write a quantity, such as {'200m' if member.key == 'cpu' else '128Mi'}"
        )
        yield file.place(member.node.start, member.node.end), words
