"""Checks of the containers of Pods: ports, probes, variables, resources."""

import ipaddress

from checks.documents import Member, Node
from checks.findings import check
from checks.forms import PORT, fits
from checks.manifests import Pod, objects, quantity, string, whole
from checks.pods import pods_of
from checks.schemas import nearest, shown

_PROBES = ("livenessProbe", "readinessProbe")
_HOOKS = ("postStart", "preStop")
# What a probe or a hook may do; the last two came after 1.3.
_ACTIONS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")


@check()
def pod_ports_are_valid(tree):
    """The ports of a Pod are numbers from 1 to 65535, and no two of its containers take the same port of the node.

    A `hostPort` is a port of the node, so it can be taken once only. With `hostNetwork: true` every port is one of
    the node's, and a `hostPort` that differs from its `containerPort` is refused. Kubernetes 1.3 does not look at
    `hostIP` when it compares ports; later releases do, and they ask for an address there. A probe or a hook names a port by its number or by its name,
    and a number in quotes is taken for a name, which it cannot be.

    Write a free port.

    Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3).
    """
    for file, pod in pods_of(tree):
        for port in pod.every("ContainerPort"):
            for key, least in (("containerPort", 1), ("hostPort", 0)):
                number = whole(port, key)
                # A number that is too large for any field is named by another check.
                if number is not None and not least <= number <= 65535 and abs(number) < 2**31:
                    yield file.place(*port.span([key])), _no_port(number)
            if (address := string(port, "hostIP")) and not _is_address(address):
                yield file.place(*port.span(["hostIP"])), f"hostIP is {shown(address)}; write an address of the node (API of 1.37)"
        for action in pod.every("HTTPGetAction", "TCPSocketAction"):
            yield from _port_of_action(file, action)
        for together in (pod.containers(), pod.init_containers()):
            yield from _taken(file, pod, together)


@check()
def probe_has_one_action(tree):
    """Each probe and each lifecycle hook of a container does exactly one thing.

    That is `exec`, `httpGet` or `tcpSocket`. Without one there is nothing to do, and two are refused. A liveness probe
    succeeds with its first success, so its `successThreshold` is 1.

    Keep one action, or add one.

    Source: `checks/facts/pod-rules.json` (the validation of Kubernetes 1.3).
    """
    for file, pod in pods_of(tree):
        for container in pod.every("Container"):
            for member in _probes_and_hooks(container):
                actions = [each for each in member.node.unique() if each.key in _ACTIONS and not each.node.is_null]
                # An object under an unknown key is a misspelled action, which another check names.
                if not actions and not any(each.node.kind == "object" for each in member.node.unique()):
                    yield file.place(member.start, member.end), f"{member.key} does nothing; add exec, httpGet or tcpSocket"
                for second in actions[1:]:
                    yield file.place(second.start, second.end), f"a second action of {member.key}; keep one"
            threshold = container.at(["livenessProbe", "successThreshold"])
            if threshold and type(threshold.value) is int and threshold.value > 1:
                yield file.place(threshold.start, threshold.end), f"successThreshold of a liveness probe is {threshold.value}; write 1"


@check()
def pod_resources_are_quantities(tree):
    """Limits and requests of a container are quantities of resources that there are, and no request is above its limit.

    A quantity is a number with a suffix: `100m`, `0.5`, `128Mi`, `1e3`; `128MB` is none, and none is negative. A
    resource without a domain in its name is `cpu` or `memory`.

    Write a quantity, or mend the name of the resource.

    Source: `checks/facts/pod-1.3.json` (Kubernetes v1.3.0 `pkg/api/resource`), `checks/facts/pod-rules.json` (the
    validation of Kubernetes 1.3).
    """
    for file, pod in pods_of(tree):
        for requirements in pod.every("ResourceRequirements"):
            amounts = {}
            for part in ("limits", "requests"):
                node = requirements.at([part])
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
def resource_is_known_to_rkt(tree):
    """Limits and requests of a container are of resources that rktnetes knows: `cpu` and `memory`.

    This is stricter than the API, which takes any resource with a domain in its name
    (1.3 itself knows one for graphics cards). rktnetes refuses to start a Pod with another resource.

    Delete the resource.

    Source: Kubernetes 1.3 `pkg/kubelet/rkt/rkt.go`.
    """
    for file, pod in pods_of(tree):
        for requirements in pod.every("ResourceRequirements"):
            for part in ("limits", "requests"):
                node = requirements.at([part])
                for member in node.unique() if node else ():
                    if "/" in member.key:
                        words = f"rktnetes knows the resources cpu and memory alone, not {shown(member.key)}; delete it"
                        yield file.place(member.start, member.end), words


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _no_port(number: int) -> str:
    return f"port {shown(number)} does not exist; write a number from 1 to 65535"


def _port_of_action(file, action: Node):
    """What is wrong with the port that a probe or a hook names."""
    number, name = whole(action, "port"), string(action, "port")
    place = file.place(*action.span(["port"]))
    if number is not None and not 1 <= number <= 65535:
        yield place, _no_port(number)
    elif name.isdecimal():
        yield place, f"{shown(name)} in quotes is the name of a port, which would hold a letter; write {shown(name)} without quotes"
    elif (name and not fits(PORT, name)) or (not name and action.at(["port"]) and action.at(["port"]).value == ""):
        yield place, f"port is {shown(name)}; write a number, or the name of a port: {PORT.words.removeprefix('write ')}"


def _taken(file, pod: Pod, together: list[Node]):
    """The ports of the node that containers which run side by side take twice, or cannot take."""
    network = pod.root.at(["spec", "hostNetwork"])
    on_host = network is not None and network.value is True
    taken: dict[tuple, set[str]] = {}
    for port in [port for container in together for port in objects(container.at(["ports"]))]:
        inner, outer = whole(port, "containerPort"), whole(port, "hostPort")
        key = "hostPort" if outer else "containerPort"
        number = outer or (inner if on_host else None)
        if not number:
            continue
        place = file.place(*port.span([key]))
        before = taken.setdefault((number, string(port, "protocol") or "TCP"), set())
        if string(port, "hostIP") in before:
            yield place, f"port {shown(number)} of the node is taken twice; write another"
        elif before:
            yield place, f"port {shown(number)} of the node is taken twice, on whatever address; write another (API of 1.3)"
        before.add(string(port, "hostIP"))
        if on_host and outer and inner and 1 <= inner <= 65535 and outer != inner:
            yield place, f"hostPort differs from containerPort, although the Pod is in the node's network; write {shown(inner)}"


def _probes_and_hooks(container: Node) -> list[Member]:
    found = [container.member(key) for key in _PROBES]
    lifecycle = container.at(["lifecycle"])
    found += [lifecycle.member(key) for key in _HOOKS] if lifecycle else []
    return [member for member in found if member and member.node.kind == "object"]


def _resource(file, member: Member):
    if member.node.kind != "scalar" or member.node.is_null or isinstance(member.node.value, bool):
        return  # of another type, as another check says
    amount = quantity(member.node.value)
    example = "200m" if member.key == "cpu" else "128Mi"
    if "/" not in member.key and member.key not in ("cpu", "memory"):
        later = " (API of 1.3)" if member.key == "ephemeral-storage" or member.key.startswith("hugepages-") else ""
        near = nearest(member.key, ("cpu", "memory")) or "; write cpu or memory"
        yield file.place(member.start, member.end), f"no resource is called {shown(member.key)}{near}{later}"
    elif amount is None:
        words = f"{member.key} is {shown(member.node.value)}; write a quantity, such as {example}"
        yield file.place(member.node.start, member.node.end), words
    elif amount < 0:
        yield file.place(member.node.start, member.node.end), f"{member.key} is {shown(member.node.value)}; write no less than 0"
