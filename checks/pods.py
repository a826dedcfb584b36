"""Checks of Pod manifests (`snippets/pods/*.yaml`): the API of 1.3 and of today, names, the kubelet's arguments."""

import posixpath
from collections.abc import Iterator

from checks import forms, schemas
from checks.apis import VERSIONS, schema
from checks.arguments import KUBELETS, faults
from checks.calls import of_file
from checks.documents import Broken, Node
from checks.facts import load as facts
from checks.findings import check
from checks.forms import fits
from checks.manifests import items, objects, pods, read, string
from checks.releases import release_of
from checks.tree import once

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
