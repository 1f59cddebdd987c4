"""What an environment says of its cluster: routes, stores, monitoring, who scales."""

import json

import pytest

from flowscale_specs import SpecErrors
from stacks import compiling

PRODUCTION = compiling.compiled(compiling.complete("production"))
STAGING = compiling.compiled(compiling.complete("staging"))


def variables(objects, name):
    (container,) = compiling.find(objects, "Deployment", name)["spec"]["template"]["spec"]["containers"]
    return {item["name"]: item.get("value") for item in container["env"]}


def test_a_domain_is_reached_through_an_ingress_with_its_certificate():
    ingress = compiling.find(compiling.compiled(compiling.complete("preview")), "Ingress")

    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["spec"]["tls"] == [{"hosts": ["preview.example.com"], "secretName": "preview-tls"}]
    assert ingress["spec"]["rules"][0]["host"] == "preview.example.com"


def test_a_gateway_of_its_own_is_signed_by_the_issuer():
    gateway, route = compiling.find(PRODUCTION, "Gateway"), compiling.find(PRODUCTION, "HTTPRoute")

    assert gateway["metadata"]["annotations"] == {"cert-manager.io/cluster-issuer": "letsencrypt"}
    assert [listener["protocol"] for listener in gateway["spec"]["listeners"]] == ["HTTP", "HTTPS"]
    assert route["spec"]["parentRefs"] == [{"name": "gateway"}]
    assert "Ingress" not in compiling.kinds(PRODUCTION)


def test_a_gateway_that_is_there_is_only_attached_to():
    objects = compiling.compiled(compiling.complete("edge"))

    assert compiling.find(objects, "HTTPRoute")["spec"]["parentRefs"] == [
        {"name": "public", "namespace": "entry"}
    ]
    assert "Gateway" not in compiling.kinds(objects)


def test_without_a_domain_there_is_no_way_in_from_outside():
    assert not {"Ingress", "HTTPRoute", "Gateway"} & set(compiling.kinds(STAGING))


def test_bundled_stores_come_along_with_secrets_that_are_made_in_the_cluster():
    names = {item["metadata"]["name"] for item in STAGING if item["kind"] == "StatefulSet"}
    (keys,) = compiling.find(STAGING, "Job")["spec"]["template"]["spec"]["containers"]

    assert names == {"database", "objects"}
    assert keys["args"] == ["flowscale-internal", "flowscale-database", "flowscale-objects"]
    assert variables(STAGING, "gateway")["FLOWSCALE_DATABASE_FILE"] == "/run/secrets/flowscale/database/url"
    assert variables(STAGING, "gateway")["FLOWSCALE_OBJECTS"] == "s3://flowscale"


def test_stores_of_their_own_are_only_named():
    assert "StatefulSet" not in compiling.kinds(PRODUCTION)
    told = variables(PRODUCTION, "gateway")
    volumes = compiling.find(PRODUCTION, "Deployment", "gateway")["spec"]["template"]["spec"]["volumes"]

    assert told["FLOWSCALE_OBJECTS"] == "s3://acme-pictures"
    assert told["FLOWSCALE_DATABASE_FILE"] == "/run/secrets/flowscale/database/url"
    assert "postgres" in [volume.get("secret", {}).get("secretName") for volume in volumes]


def test_monitoring_is_there_only_where_asked_for():
    monitor = compiling.find(PRODUCTION, "ServiceMonitor")
    dashboard = json.loads(compiling.find(PRODUCTION, "ConfigMap")["data"]["flowscale.json"])

    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    assert len(dashboard["panels"]) == 8
    assert all('namespace="pictures"' in panel["targets"][0]["expr"] for panel in dashboard["panels"])
    assert not {"ServiceMonitor", "PodMonitor", "ConfigMap"} & set(compiling.kinds(STAGING))


def test_traces_go_where_asked_for_and_the_way_there_is_open():
    told = variables(PRODUCTION, "gateway")
    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.observability:4318"
    assert told["OTEL_TRACES_SAMPLER_ARG"] == "0.1"
    for name in ("gateway", "executor"):
        policy = compiling.find(PRODUCTION, "NetworkPolicy", name)
        ports = [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]
        assert 4318 in ports
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" not in variables(STAGING, "gateway")


def test_keda_follows_the_queue_only_where_asked_for():
    scaled = compiling.find(PRODUCTION, "ScaledObject")
    (trigger,) = scaled["spec"]["triggers"]

    assert scaled["spec"]["scaleTargetRef"]["name"] == scaled["metadata"]["name"]
    assert (scaled["spec"]["minReplicaCount"], scaled["spec"]["maxReplicaCount"]) == (1, 8)
    assert trigger["metadata"]["targetQueryValue"] == "4"
    assert "deployment = 'portrait'" in trigger["metadata"]["query"]
    assert "ScaledObject" not in compiling.kinds(STAGING)


def test_pods_carry_what_the_environment_says_of_them():
    spec = compiling.find(PRODUCTION, "Deployment", "gateway")["spec"]["template"]["spec"]
    namespace = compiling.find(PRODUCTION, "Namespace")

    assert spec["priorityClassName"] == compiling.find(PRODUCTION, "PriorityClass")["metadata"]["name"]
    assert spec["imagePullSecrets"] == [{"name": "registry"}]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    account = compiling.find(PRODUCTION, "ServiceAccount", "executor")
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"].endswith("role/pictures")


def test_a_shared_model_cache_is_one_volume_and_otherwise_each_pod_has_its_own():
    claim = compiling.find(PRODUCTION, "PersistentVolumeClaim")

    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "500Gi"
    assert "PersistentVolumeClaim" not in compiling.kinds(STAGING)


def models_volume(text):
    cache = f"spec: {{hosting: {{modelCache: {text}}}}}" if text else "spec: {}"
    environment = f"kind: Environment\nmetadata: {{name: test}}\n{cache}\n"
    deployment = "kind: WorkflowDeployment\nmetadata: {name: hello}\nspec: {workflow: hello}\n"
    objects = compiling.compiled(compiling.small(f"{deployment}---\n{environment}", "test"))
    (name,) = (
        each["metadata"]["name"] for each in objects if each["metadata"]["name"].startswith("executor-")
    )
    volumes = compiling.find(objects, "Deployment", name)["spec"]["template"]["spec"]["volumes"]
    return next(each for each in volumes if each["name"] == "models")


def test_models_are_kept_on_the_node_unless_a_storage_class_is_named():
    assert models_volume("")["emptyDir"] == {"sizeLimit": "50Gi"}
    assert models_volume("80Gi")["emptyDir"] == {"sizeLimit": "80Gi"}
    claim = models_volume("{storageClass: fast}")["ephemeral"]["volumeClaimTemplate"]
    assert claim["spec"]["storageClassName"] == "fast"


def test_room_on_a_node_has_no_storage_class():
    with pytest.raises(SpecErrors, match="has no storageClass"):
        models_volume("{kind: node, storageClass: fast}")
