"""Checks of Pod manifests (`snippets/pods/*.yaml`): the API of 1.3 and of today, names, annotations, stage1, the kubelet's arguments."""

import posixpath
import re
from collections.abc import Iterator

from checks import forms, scheduling, schemas
from checks.arguments import KUBELETS, faults, release_of
from checks.calls import of_file
from checks.documents import Broken, Member, Node
from checks.facts import load as facts
from checks.findings import check
from checks.forms import fits
from checks.manifests import INIT_CONTAINERS, VERSIONS, Pod, embedded, items, misspells, objects, pods, read, schema, string
from checks.tree import once

STAGE1 = "rkt.alpha.kubernetes.io/stage1-name-override"
FLY = "coreos.com/rkt/stage1-fly"

# The form of each name, by the type of the object that has it and the key.
_FORMS = {
    ("ObjectMeta", "name"): forms.SUBDOMAIN,
    ("ObjectMeta", "generateName"): forms.START,
    ("ObjectMeta", "namespace"): forms.LABEL,
    ("PodSpec", "serviceAccountName"): forms.SUBDOMAIN,
    ("PodSpec", "serviceAccount"): forms.SUBDOMAIN,
    ("PodSpec", "nodeName"): forms.SUBDOMAIN,
    ("PodSpec", "hostname"): forms.LABEL,
    ("PodSpec", "subdomain"): forms.LABEL,
    ("Container", "name"): forms.LABEL,
    ("Volume", "name"): forms.LABEL,
    ("ContainerPort", "name"): forms.PORT,
    ("HTTPHeader", "name"): forms.HEADER,
    ("ConfigMapKeySelector", "key"): forms.CONFIG_KEY,
    ("SecretKeySelector", "key"): forms.CONFIG_KEY,
}
_SECCOMP = re.compile(r"docker/default|unconfined|localhost/(?!/)(?!(?:.*/)?\.\.(?:/|\Z)).*")


@check()
def pod_is_yaml(tree):
    """A Pod manifest is YAML or JSON in which every key stands once.

    Nothing else can be said of a file that is neither. What starts with a brace is JSON to Kubernetes. Aliases, merge keys and tags are refused: a reader has to
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
def pod_fits_api(tree):
    """A Pod manifest has only fields that the API knows, each with a value that it takes, in Kubernetes 1.3 and today.

    The guide speaks of 1.3, the release that rktnetes came with; whoever migrates a node takes the manifests along,
    and every field of a Pod in 1.3 still exists. A message ends with the versions that refuse what it names. A field
    that came later means nothing to a server of 1.3, and the message says since when there is one: `initContainers`
    came with 1.6. What is required stands there and is not empty. Values of annotations and labels are strings, so
    `true` and numbers stand in quotes there. `privileged` belongs in the `securityContext` of a container; that of
    the Pod has no such field.

    Write the field as the message says, or delete it.

    Source: `checks/facts/pod-1.3.json` (the published API of 1.2.2 with what 1.3 added, each addition dated),
    `checks/facts/pod-current.json` (the schema of 1.37 from the package `kubernetes-validate` 1.37.0) and
    `checks/facts/pod-rules.json` (what the server asks beyond the types).
    """
    for file in tree.snippets("pods"):
        roots = read(file.text)
        for root in roots if isinstance(roots, list) else ():
            other = string(root, "kind") not in ("", "Pod")
            for problem, versions in _problems(root):
                if not other or problem.start == root.span(["kind"])[0]:
                    yield file.place(problem.start, problem.end), f"{problem.message} (API of {' and '.join(versions)})"


@check()
def pod_names_are_well_formed(tree):
    """Every name in a Pod manifest has the form that the API asks for, and no two of a kind are the same.

    A Pod's name is a DNS subdomain (`kube-proxy.node1`), and so are those of its node and its service account.
    Containers, volumes, namespaces, `hostname` and `subdomain` have DNS labels: small letters, digits and dashes, at
    most 63. A port has at most 15 characters, one of them a letter. A variable is a C identifier in 1.3; today it may
    hold other signs. The names of containers (init containers included), of volumes and of ports in one container
    differ. Keys and values of labels and of `nodeSelector` and keys of annotations have a form of their own, at most
    63 characters. A finalizer is a known one or stands behind a domain, and one owner at most is the controller.

    Write a name of that form.

    Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3); RFC 1123 and RFC 6335.
    """
    for file, pod in pods_of(tree):
        for kind, node in pod.parts:
            for key, form in ((key, form) for (of, key), form in _FORMS.items() if of == kind):
                if (value := string(node, key)) and not fits(form, value):
                    yield file.place(*node.span([key])), f"{key} is {schemas.shown(value)}; {form.words}"
            if kind == "EnvVar":
                yield from _variable(file, node)
        yield from _owners(file, pod.root)
        for same in ([*pod.containers(), *pod.init_containers()], objects(pod.root.at(["spec", "volumes"]))):
            yield from _doubled(file, same)
        for container in pod.every("Container"):
            yield from _doubled(file, objects(container.at(["ports"])))
        for path in (["metadata", "labels"], ["metadata", "annotations"], ["spec", "nodeSelector"]):
            yield from _labels(file, pod.root.at(path), path[-1])


@check()
def pod_annotations_are_valid(tree):
    """The annotations that Kubernetes 1.3 reads in a Pod hold what it can read, and all of them together at most 256 KiB.

    What became fields later was written into annotations in 1.3: init containers, affinity and tolerations as JSON,
    the name of the host, the seccomp profile. The server refuses a Pod whose annotation it cannot read. A key that is
    misspelled inside of the JSON is not refused, but what it says is lost, so it is named too. Init containers are
    checked like other containers, and they have neither probes nor lifecycle hooks. Their annotation with `beta` in
    its key came with 1.4, which still read the one with `alpha`.

    Mend what the message marks inside of the annotation.

    Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3); types of affinity and tolerations:
    `checks/facts/pod-current.json`.
    """
    for file, pod in pods_of(tree):
        annotations = pod.root.at(["metadata", "annotations"])
        for member in annotations.unique() if annotations else ():
            if isinstance(member.node.value, str):
                yield from _annotation(file, pod, annotations, member)
        limit = facts("pod-rules")["annotation_bytes"]
        held = [each for each in (annotations.unique() if annotations else ()) if isinstance(each.node.value, str)]
        if (size := sum(len(f"{each.key}{each.node.value}".encode()) for each in held)) > limit:
            place = pod.root.key_span(["metadata", "annotations"])
            yield file.place(*place), f"annotations hold {size:,} bytes; Kubernetes takes {limit:,} at most"


@check()
def stage1_override_is_privileged(tree):
    """In a Pod that names its stage1 image, every container is privileged.

    The kubelet refuses to start a Pod with the annotation `rkt.alpha.kubernetes.io/stage1-name-override`, whatever
    its value, unless each of its containers has `privileged: true` in its own `securityContext`. The
    `securityContext` of the Pod has no such field.

    Add it to the container that the message marks.

    Source: Kubernetes 1.3 `pkg/kubelet/rkt/rkt.go`.
    """
    for file, pod in pods_of(tree):
        if not _override(pod):
            continue
        for container in pod.containers():
            context = container.at(["securityContext"])
            node = context.at(["privileged"]) if context else None
            if _hides_privileged(container, context, node):
                continue
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
    for file, pod in pods_of(tree):
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
    for file, pod in pods_of(tree):
        member = _override(pod)
        if member and isinstance(member.node.value, str) and member.node.value.partition(":")[0] == FLY:
            for container in pod.containers()[1:]:
                place = container.span(["name"]) if container.member("name") else (container.start, container.start + 1)
                yield file.place(*place), "a second container, but stage1-fly runs one; make it a Pod of its own"


@check()
def kubelet_in_pod_has_flags_of_1_3(tree):
    """The arguments of a kubelet that runs in a Pod are flags of the kubelet of Kubernetes 1.3, with values that they take.

    An unknown flag ends the kubelet at once. A boolean stands alone or with `=true` or `=false`; behind a blank,
    `false` is not its value but an argument of its own, and the flag is true. Where the tag of the container's image
    names another release (`hyperkube:v1.6.4`), the flags of that release are meant. All rules are those of
    [`kubelet_command_agrees_with_facts`](kubelet-command-agrees-with-facts.md).

    Write the flag that the message suggests.

    Source: `checks/facts/kubelet-flags.json` (the options of 1.3 in full).
    """
    for file in tree.snippets("pods"):
        for call in of_file(file):
            if posixpath.basename(call.words[0].value) in (*KUBELETS, "hyperkube"):
                for start, end, message in faults(file.text, call.words, release_of(call.said), guide=tree.whole):
                    yield file.place(start, end), message


def pods_of(tree) -> Iterator[tuple]:
    """Each Pod of each manifest, as `(file, pod)`."""
    for file in tree.snippets("pods"):
        for pod in _pods_in(file):
            yield file, pod


@once
def _pods_in(file) -> list:
    return pods(file.text)


def _hides_privileged(container: Node, context: Node | None, node: Node | None) -> bool:
    """Whether `privileged` may be meant by what another check names: a wrong type or a misspelled key."""
    if misspells("Container", container, "securityContext") or (context and not context.is_null and context.kind != "object"):
        return True
    if node and not node.is_null:
        return not isinstance(node.value, bool)
    return context is not None and misspells("SecurityContext", context, "privileged")


def _problems(root: Node) -> Iterator[tuple[schemas.Problem, list[str]]]:
    """What does not fit the API, each with the versions that refuse it; said once where both do."""
    found: dict[tuple, schemas.Problem] = {}
    refusing: dict[tuple, list[str]] = {}
    for version in VERSIONS:
        for problem in schemas.problems(schema(version), root):
            key = (problem.start, problem.end, problem.rule, problem.message if problem.rule == "required" else "")
            found.setdefault(key, problem)
            refusing.setdefault(key, []).append(version)
    for key, problem in found.items():
        yield problem, list(dict.fromkeys(refusing[key]))


def _override(pod: Pod) -> Member | None:
    """The annotation that names a stage1 image."""
    annotations = pod.root.at(["metadata", "annotations"])
    return annotations.member(STAGE1) if annotations else None


def _variable(file, node: Node):
    """What is wrong with the name of a variable: in 1.3, or today too."""
    name = string(node, "name")
    if name and not fits(forms.VARIABLE, name):
        today = "" if not fits(forms.VARIABLE_TODAY, name) else " (API of 1.3)"
        yield file.place(*node.span(["name"])), f"name is {schemas.shown(name)}; {forms.VARIABLE.words}{today}"


def _owners(file, root: Node):
    """What is wrong with finalizers and with the references to owners."""
    standard = facts("pod-rules")["finalizers"]
    for item in items(root.at(["metadata"]), "finalizers"):
        if isinstance(item.value, str) and (
            not fits(forms.QUALIFIED, item.value) or ("/" not in item.value and item.value not in standard)
        ):
            words = f"{schemas.shown(item.value)} is no finalizer; write {', '.join(standard)}, or a name behind a domain and a slash"
            yield file.place(item.start, item.end), words
    owners = items(root.at(["metadata"]), "ownerReferences")
    for owner in owners:
        if string(owner, "apiVersion") == "v1" and string(owner, "kind") == "Event":
            yield file.place(*owner.span(["kind"])), "an Event owns nothing; name another owner"
    controllers = [owner for owner in owners if owner.at(["controller"]) and owner.at(["controller"]).value is True]
    for owner in controllers[1:]:
        yield file.place(*owner.span(["controller"])), "a second owner that is the controller; keep one"


def _doubled(file, named: list[Node]):
    """Each object whose name stood before."""
    seen: set[str] = set()
    for item in named:
        name = string(item, "name")
        if name and name in seen:
            yield file.place(*item.span(["name"])), f"a second {schemas.shown(name)}; write another name"
        seen.add(name)


def _labels(file, node: Node | None, part: str):
    """What is wrong with the keys of labels, annotations or a selector, and with their values where these have a form."""
    for member in node.unique() if node else ():
        # The server looks at keys of annotations as if they were written small.
        if not fits(forms.QUALIFIED, member.key.lower() if part == "annotations" else member.key):
            yield file.place(member.start, member.end), f"{schemas.shown(member.key)} is no key of {part}; {forms.QUALIFIED.words}"
        value = member.node.value
        if part != "annotations" and isinstance(value, str) and not fits(forms.LABEL_VALUE, value):
            words = f"{schemas.shown(member.key)} is {schemas.shown(value)}; {forms.LABEL_VALUE.words}"
            yield file.place(member.node.start, member.node.end), words


def _annotation(file, pod: Pod, annotations: Node, member: Member):
    """What is wrong with the value of one annotation, where 1.3 reads it."""
    node, value = member.node, member.node.value
    if member.key == INIT_CONTAINERS:
        yield from _json(file, pod.init, "Container", "1.3", True)
        yield from _init_containers(file, pod)
    elif member.key == INIT_CONTAINERS.replace("alpha", "beta") and not annotations.member(INIT_CONTAINERS):
        words = f"{member.key} came with 1.4; 1.3 reads {INIT_CONTAINERS} and would start the Pod without its init containers"
        yield file.place(member.start, member.end), words
    elif member.key == "scheduler.alpha.kubernetes.io/affinity" and value:
        yield from _scheduling(file, embedded(file.text, node), "Affinity", scheduling.affinity)
    elif member.key == "scheduler.alpha.kubernetes.io/tolerations" and value:
        yield from _scheduling(file, embedded(file.text, node), "Toleration", scheduling.tolerations)
    elif member.key in ("pod.beta.kubernetes.io/hostname", "pod.beta.kubernetes.io/subdomain"):
        if not fits(forms.LABEL, value):
            yield file.place(node.start, node.end), f"{schemas.shown(value)} is no name of a host; {forms.LABEL.words}"
    elif re.fullmatch(r"(?:container\.)?seccomp\.security\.alpha\.kubernetes\.io/.+", member.key) and not _SECCOMP.fullmatch(value):
        words = f"{schemas.shown(value)} is no seccomp profile; write docker/default, unconfined, or localhost/ and a path without .."
        yield file.place(node.start, node.end), words


def _json(file, root: Node | Broken | None, kind: str, version: str, many: bool):
    """What is wrong with the JSON in an annotation that holds objects of a type."""
    if isinstance(root, Broken):
        yield file.place(root.start, root.end), f"the annotation is no JSON: {root.message}"
    elif root is not None:
        inner = {"$ref": f"#/$defs/{kind}"}
        wanted = {"type": "array", "items": inner} if many else inner
        types = schema(version)["$defs"]
        # 1.3 can do without a topology in one place, as a rule of its own says.
        types = types | {"PodAffinityTerm": types["PodAffinityTerm"] | {"required": []}} if kind == "Affinity" else types
        for problem in schemas.problems({**wanted, "$defs": types, "x-title": "the annotation"}, root):
            yield file.place(problem.start, problem.end), problem.message


def _scheduling(file, root: Node | Broken, kind: str, rules):
    """What is wrong with an annotation about scheduling: with its form, or else with what it says."""
    of_form = list(_json(file, root, kind, "1.37", kind == "Toleration"))
    yield from of_form or ((file.place(start, end), words) for start, end, words in rules(root))


def _init_containers(file, pod: Pod):
    """What init containers of an annotation do not have."""
    for container in objects(pod.init if isinstance(pod.init, Node) else None):
        for member in container.unique():
            if member.key in ("lifecycle", "livenessProbe", "readinessProbe") and not member.node.is_null:
                yield file.place(member.start, member.end), f"an init container has no {member.key}; delete it"
