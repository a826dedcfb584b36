"""What the tests of the API's own validation take and refuse, we take and refuse.

Each row is a fact from kubernetes/kubernetes `pkg/api/validation/validation_test.go` as it stood shortly before 1.3 (stored text 252153650: it
has `subPath` and the annotation of affinity, and not yet init containers), written as a manifest would say it: where, what, and the verdict.
Left out are rows about what a manifest cannot say (values that the server fills in before it validates, privileges that a server does not
allow), and one that changed: a `directory` of a gitRepo that starts with two dots was refused then, and the validation of 1.3 takes it.
"""

import pytest
from test_public_pods import OF_THE_API

from checks.findings import CHECKS
from checks.tree import Tree

POD = """apiVersion: v1
kind: Pod
metadata:
  name: {name}
  labels: {labels}
  annotations: {annotations}
spec: {{volumes: [{{name: abc, emptyDir: {{}}}}, {{name: "123", emptyDir: {{}}}}, {volumes}], containers: [{containers}], {spec}}}
"""
CONTAINER = "{{name: ctr, image: image, {}}}"
AFFINITY = "{{scheduler.alpha.kubernetes.io/affinity: '{{\"nodeAffinity\": {}}}'}}"
TERM = '{"matchExpressions": [{"key": "key2", "operator": "In", "values": ["value1", "value2"]}]}'
WEIGHTED = '{"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": %d, "preference": ' + TERM + "}]}"
REQUIRED = '{{"requiredDuringSchedulingIgnoredDuringExecution": {{"nodeSelectorTerms": [{}]}}}}'

IN_CONTAINER = {
    True: [
        "volumeMounts: [{name: abc, mountPath: /foo}, {name: '123', mountPath: /bar}]",
        "volumeMounts: [{name: abc, mountPath: /baa, subPath: ''}, {name: abc, mountPath: /bab, subPath: baz}]",
        "volumeMounts: [{name: abc, mountPath: /bac, subPath: .baz}, {name: abc, mountPath: /bad, subPath: ..baz}]",
        *(
            f"readinessProbe: {{exec: {{command: [echo]}}, {key}: 10}}"
            for key in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds")
        ),
        *(f"readinessProbe: {{exec: {{command: [echo]}}, {key}: 10}}" for key in ("successThreshold", "failureThreshold")),
        "lifecycle: {preStop: {httpGet: {path: /, port: 1, scheme: HTTP}}}",
        "lifecycle: {preStop: {httpGet: {path: /foo, port: 65535, host: host}}}",
        "lifecycle: {preStop: {httpGet: {path: /, port: port, httpHeaders: [{name: Host, value: foo.example.com}]}}}",
        "lifecycle: {preStop: {httpGet: {path: /, port: port, httpHeaders: [{name: X-Forwarded-For, value: a}, {name: X-Forwarded-For, value: b}]}}}",
        "imagePullPolicy: IfNotPresent",
        "imagePullPolicy: Always",
        "imagePullPolicy: Never",
        "lifecycle: {preStop: {exec: {command: [ls, -l]}}}",
        "resources: {limits: {cpu: '10', memory: 10G, my.org/resource: 10m}}",
        "resources: {requests: {cpu: 8}, limits: {cpu: 10}}",
        "resources: {requests: {cpu: 10, memory: 10G, my.org/resource: 10m}, limits: {cpu: 10, memory: 10G, my.org/resource: 10m}}",
        "resources: {requests: {cpu: 9.5, memory: 10G}, limits: {cpu: 10, my.org/resource: 10m}}",
        "ports: [{containerPort: 80, hostPort: 80, protocol: TCP}, {containerPort: 80, hostPort: 80, protocol: UDP}]",
        "securityContext: {privileged: true}",
    ],
    False: [
        "volumeMounts: [{name: '', mountPath: /foo}]",
        "volumeMounts: [{name: anything, mountPath: /foo}]",
        "volumeMounts: [{name: abc, mountPath: ''}]",
        "volumeMounts: [{name: abc, mountPath: 'foo:bar'}]",
        "volumeMounts: [{name: abc, mountPath: /path/a}, {name: '123', mountPath: /path/a}]",
        "volumeMounts: [{name: abc, mountPath: /bar, subPath: /baz}]",
        "volumeMounts: [{name: abc, mountPath: /bar, subPath: ../baz}]",
        "volumeMounts: [{name: abc, mountPath: /bar, subPath: baz/../bat}]",
        "volumeMounts: [{name: abc, mountPath: /bar, subPath: ./..}]",
        "livenessProbe: {timeoutSeconds: 10, initialDelaySeconds: 10}",
        *(
            f"readinessProbe: {{exec: {{command: [echo]}}, {key}: -10}}"
            for key in ("initialDelaySeconds", "timeoutSeconds", "periodSeconds")
        ),
        *(f"readinessProbe: {{exec: {{command: [echo]}}, {key}: -10}}" for key in ("successThreshold", "failureThreshold")),
        "lifecycle: {preStop: {}}",
        "lifecycle: {preStop: {exec: {}}}",
        "lifecycle: {preStop: {exec: {command: []}}}",
        "lifecycle: {preStop: {httpGet: {}}}",
        "lifecycle: {preStop: {httpGet: {path: /, port: 0}}}",
        "lifecycle: {preStop: {httpGet: {path: /foo, port: 65536, host: host}}}",
        "lifecycle: {preStop: {httpGet: {path: /, port: ''}}}",
        "lifecycle: {preStop: {httpGet: {path: /, port: port, httpHeaders: [{name: 'Host:', value: a}]}}}",
        "lifecycle: {preStop: {httpGet: {path: /, port: port, httpHeaders: [{name: X_Forwarded_For, value: a}]}}}",
        "lifecycle: {preStop: {tcpSocket: {}}}",
        "lifecycle: {preStop: {tcpSocket: {port: 0}}}",
        "livenessProbe: {tcpSocket: {}}",
        "livenessProbe: {}",
        "env: [{name: ev.1}]",
        "resources: {limits: {disk: 10G}}",
        "resources: {limits: {cpu: '-10', memory: '0'}}",
        "resources: {requests: {cpu: -10, memory: 0}}",
        "resources: {limits: {cpu: 0, memory: -10}}",
        "resources: {limits: {cpu: 5, memory: 3}, requests: {cpu: 6, memory: 3}}",
        "resources: {limits: {cpu: 5, memory: 3}, requests: {cpu: 6, memory: 4}}",
    ],
}
FIELD = "env: [{{name: abc, valueFrom: {{fieldRef: {{fieldPath: {}}}}}}}]"
IN_CONTAINER[True] += [
    "ports: [{name: abc, containerPort: 80, hostPort: 80, protocol: TCP}, {name: easy, containerPort: 82, protocol: TCP}]",
    "ports: [{name: as, containerPort: 83, protocol: UDP}, {name: do-re-me, containerPort: 84, protocol: UDP}, {containerPort: 85}]",
    "env: [{name: abc, value: value}, {name: ABC, value: value}, {name: AbC_123, value: value}, {name: abcd, value: ''}]",
    FIELD.format("metadata.name"),
    "env: [{name: secret_value, valueFrom: {secretKeyRef: {name: some-secret, key: secret-key}}}]",
    "env: [{name: ENV_VAR_1, valueFrom: {configMapKeyRef: {name: some-config-map, key: some-key}}}]",
]
IN_CONTAINER[False] += [
    f"ports: [{{name: {'a' * 16}, containerPort: 80}}]",
    "ports: [{name: a.b.c, containerPort: 80}]",
    "ports: [{name: '80', containerPort: 80}]",
    "ports: [{name: abc, containerPort: 80}, {name: abc, containerPort: 81}]",
    "ports: [{containerPort: 0}]",
    "ports: [{containerPort: 65536}]",
    "ports: [{containerPort: 80, hostPort: 65536}]",
    "ports: [{containerPort: 80, protocol: tcp}]",
    "ports: [{containerPort: 80, protocol: ICMP}]",
    "env: [{name: ''}]",
    "env: [{name: a.b.c}]",
    "env: [{name: abc, value: foo, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]",
    "env: [{name: abc, valueFrom: {fieldRef: {fieldPath: metadata.name}, secretKeyRef: {name: a, key: b}}}]",
    "env: [{name: abc, valueFrom: {fieldRef: {fieldPath: metadata.name}, configMapKeyRef: {name: a, key: b}}}]",
    "env: [{name: abc, valueFrom: {fieldRef: {apiVersion: v1}}}]",
    *(FIELD.format(path) for path in ("metadata.whoops", "metadata.labels", "metadata.annotations", "status.phase")),
]
FILE = "{{name: v, downwardAPI: {{items: [{{path: {}, fieldRef: {{fieldPath: metadata.labels}}}}]}}}}"
VOLUMES = {
    True: [
        "{name: '1', hostPath: {path: /mnt/path1}}",
        "{name: gcepd, gcePersistentDisk: {pdName: my-PD, fsType: ext4, partition: 1, readOnly: false}}",
        "{name: awsebs, awsElasticBlockStore: {volumeID: my-PD, fsType: ext4, partition: 1, readOnly: false}}",
        "{name: gitrepo, gitRepo: {repository: my-repo, revision: hashstring, directory: target}}",
        "{name: gitrepodot, gitRepo: {repository: my-repo, directory: .}}",
        "{name: iscsidisk, iscsi: {targetPortal: 127.0.0.1, iqn: 'iqn.2015-02.example.com:test', lun: 1, fsType: ext4, readOnly: false}}",
        "{name: secret, secret: {secretName: my-secret}}",
        "{name: glusterfs, glusterfs: {endpoints: host1, path: path, readOnly: false}}",
        "{name: flocker, flocker: {datasetName: datasetName}}",
        "{name: rbd, rbd: {monitors: [foo], image: bar, fsType: ext4}}",
        "{name: cinder, cinder: {volumeID: 29ea5088-4f60-4757-962e-dba678767887, fsType: ext4, readOnly: false}}",
        "{name: cephfs, cephfs: {monitors: [foo]}}",
        "{name: fc, fc: {targetWWNs: [some_wwn], lun: 1, fsType: ext4, readOnly: false}}",
        "{name: flexvolume, flexVolume: {driver: kubernetes.io/blue, fsType: ext4}}",
        "{name: azure, azureFile: {secretName: key, shareName: share, readOnly: false}}",
        *(FILE.format(path) for path in ("labels", "path/withslash/andslash", "path/./withdot", "path/with..dot", "can-have/..dot")),
    ],
    False: [
        "{name: '', emptyDir: {}}",
        f"{{name: {'a' * 64}, emptyDir: {{}}}}",
        "{name: a.b.c, emptyDir: {}}",
        "{name: abc, emptyDir: {}}",
        "{name: v, iscsi: {targetPortal: '', iqn: 'iqn.2015-02.example.com:test', lun: 1}}",
        "{name: v, iscsi: {targetPortal: 127.0.0.1, iqn: '', lun: 1}}",
        "{name: v, glusterfs: {endpoints: '', path: path}}",
        "{name: v, glusterfs: {endpoints: host, path: ''}}",
        "{name: v, flocker: {datasetName: ''}}",
        "{name: v, flocker: {datasetName: foo/bar}}",
        "{name: v, rbd: {monitors: [], image: bar}}",
        "{name: v, rbd: {monitors: [foo], image: ''}}",
        "{name: v, cephfs: {monitors: []}}",
        "{name: v, gitRepo: {repository: foo, directory: dots/../bar}}",
        "{name: v, gitRepo: {repository: foo, directory: /abstarget}}",
        "{name: v, fc: {targetWWNs: [], lun: 1}}",
        "{name: v, fc: {targetWWNs: [wwn]}}",
        "{name: v, azureFile: {secretName: '', shareName: share}}",
        "{name: v, azureFile: {secretName: name, shareName: ''}}",
        *(FILE.format(path) for path in ("''", "/absolutepath", "../../passwd", "..badFileName", "..badDirName/goodFileName")),
    ],
}
CONTAINERS = {
    True: ["{name: '123', image: image}, {name: abc-123, image: image}"],
    False: [
        "{name: '', image: image}",
        f"{{name: {'a' * 64}, image: image}}",
        "{name: a.b.c, image: image}",
        "{name: abc, image: image}, {name: abc, image: image}",
        "{name: abc, image: ''}",
        "{}",
        "",
        "{name: abc, image: image, ports: [{containerPort: 80, hostPort: 80}]}, {name: def, image: image, ports: [{containerPort: 81, hostPort: 80}]}",
    ],
}
SPEC = {
    True: [
        "nodeSelector: {key: value}, nodeName: foobar, dnsPolicy: ClusterFirst, activeDeadlineSeconds: 30, serviceAccountName: acct",
        "securityContext: {supplementalGroups: [0], runAsUser: 0, fsGroup: 0}",
        "securityContext: {supplementalGroups: [2147483647], runAsUser: 2147483647, fsGroup: 2147483647}",
        "hostIPC: true, hostPID: true",
        "restartPolicy: OnFailure, dnsPolicy: Default",
        "restartPolicy: Never",
    ],
    False: [
        "dnsPolicy: invalid",
        "restartPolicy: newpolicy",
        "serviceAccountName: invalidName",
        "activeDeadlineSeconds: 0",
        "nodeName: node name",
        *(f"securityContext: {{{key}: {number}}}" for key in ("runAsUser", "fsGroup") for number in (-1, 2147483648)),
        *(f"securityContext: {{supplementalGroups: [{number}, 1234]}}" for number in (-1, 2147483648)),
    ],
}
HOST_NETWORK = {True: "{containerPort: 8080, hostPort: 8080}", False: "{containerPort: 2600, hostPort: 8080}"}
AFFINITIES = {
    True: [REQUIRED.format(TERM), WEIGHTED % 10],
    False: [
        '{"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{',
        REQUIRED.format('{"matchExpressions": [{"key": "key1"}]}'),
        WEIGHTED % 199,
        REQUIRED.format(""),
        REQUIRED.format('{"matchExpressions": []}'),
    ],
}
GOOD = {"name": "ctr", "labels": "{}", "annotations": "{}", "containers": CONTAINER.format(""), "spec": "", "volumes": ""}
ROWS = [
    *(({"containers": CONTAINER.format(each)}, taken) for taken, rows in IN_CONTAINER.items() for each in rows),
    *(({"volumes": each}, taken) for taken, rows in VOLUMES.items() for each in rows),
    *(({"containers": each}, taken) for taken, rows in CONTAINERS.items() for each in rows),
    *(({"spec": each}, taken) for taken, rows in SPEC.items() for each in rows),
    *(({"spec": "hostNetwork: true", "containers": CONTAINER.format(f"ports: [{each}]")}, taken) for taken, each in HOST_NETWORK.items()),
    *(({"annotations": AFFINITY.format(each)}, taken) for taken, rows in AFFINITIES.items() for each in rows),
    ({"name": '"123"'}, True),
    ({"name": "abc.123.do-re-mi"}, True),
    ({"name": '""'}, False),
    ({"labels": "{NoUppercaseOrSpecialCharsLike=Equals: bar}"}, False),
]


@pytest.mark.parametrize("change, taken", ROWS, ids=[f"{taken}: {next(iter(change.values()))[:60]}" for change, taken in ROWS])
def test_verdict_is_that_of_the_api(change, taken, tmp_path):
    file = tmp_path / "pod.yaml"
    file.write_text(POD.format(**GOOD | change), "utf-8")
    tree = Tree(tmp_path, [file])
    said = [message for name in sorted(OF_THE_API) for _, message in CHECKS[name].function(tree)]
    assert (said == []) is taken, said
