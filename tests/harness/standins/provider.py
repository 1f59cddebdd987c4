"""A stand-in for Pulumi's Kubernetes provider: a test fixture, not for use.

The real provider can't be built everywhere. This one speaks the same protocol against a real API server, and keeps what
programs notice: inputs are applied on the server's side under a field manager of each resource's own, an object that
exists already is refused unless `upsertExistingObjects` says otherwise, diffs name fields, immutable fields replace,
the data of Secrets is secret, reading keeps only the fields that were asked for. It doesn't wait for pods.
"""

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any

import grpc
import httpx
import yaml
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from harness.standins import protocol
from harness.standins.diffs import detailed, immutable, pruned

Object = dict[str, Any]
MANAGER = "__fieldManager"
DELAY = float(os.environ.get("FLOWSCALE_TEST_PROVIDER_DELAY", "0"))
"""Seconds that each creation takes longer, so that a test can end an update half-way."""
PATIENCE = 120.0


class Refused(Exception):
    """The API server said no."""


class NotThere(Refused):
    """There is no such object, or no such kind."""


class Cluster:
    """The API server that a kubeconfig names."""

    def __init__(self, kubeconfig: str, context: str | None) -> None:
        text = kubeconfig if "\n" in kubeconfig else Path(kubeconfig).expanduser().read_text()
        config = yaml.safe_load(text)
        chosen = context or config["current-context"]
        names = _named(config["contexts"], chosen)["context"]
        cluster = _named(config["clusters"], names["cluster"])["cluster"]
        user = _named(config["users"], names["user"])["user"]
        headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._client = httpx.Client(
            base_url=cluster["server"],
            headers=headers,
            verify=cluster.get("certificate-authority", True),
            timeout=30,
            trust_env=False,
        )
        self._kinds: dict[tuple[str, str], tuple[str, bool]] = {}

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> Object:
        """One request. Raises Refused with the server's own words."""
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/apply-patch+yaml"} if method == "PATCH" else {}
        try:
            reply = self._client.request(method, path, content=content, params=query, headers=headers)
        except httpx.HTTPError as error:
            raise Refused(
                "configured Kubernetes cluster is unreachable: unable to load schema information from the API "
                f"server: {error}"
            ) from error
        if reply.is_success:
            return dict(reply.json())
        told = _message(reply)
        raise (NotThere if reply.status_code == 404 else Refused)(told)

    def path(self, wanted: Object) -> str:
        """Where an object lies. Raises NotThere where the server has no such kind, after some patience."""
        plural, namespaced = self._kind(wanted["apiVersion"], wanted["kind"])
        meta = wanted["metadata"]
        within = f"/namespaces/{meta.get('namespace', 'default')}" if namespaced else ""
        return f"{_root(wanted['apiVersion'])}{within}/{plural}/{meta['name']}"

    def known(self, wanted: Object) -> bool:
        """Whether the server has such a kind."""
        try:
            self._look_up(wanted["apiVersion"])
        except NotThere:
            return False
        return (wanted["apiVersion"], wanted["kind"]) in self._kinds

    def _kind(self, version: str, kind: str) -> tuple[str, bool]:
        for wait in (0.0, 0.2, 0.4, 0.8, 1.6):
            time.sleep(wait)
            if (version, kind) not in self._kinds:
                self._look_up(version, missing_ok=True)
            if found := self._kinds.get((version, kind)):
                return found
        raise NotThere(f'no matches for kind "{kind}" in version "{version}"')

    def _look_up(self, version: str, *, missing_ok: bool = False) -> None:
        try:
            listed = self.ask("GET", _root(version))["resources"]
        except NotThere:
            if missing_ok:
                return
            raise
        for each in listed:
            if "/" not in each["name"]:
                self._kinds[version, each["kind"]] = each["name"], each["namespaced"]


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The provider's protocol."""

    def __init__(self) -> None:
        self._cluster: Cluster | None = None
        self._broken = ""
        self._upsert = False
        self._force = "false"

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="4.34.2")

    def GetSchema(self, request: Any, context: Any) -> Any:
        return provider_pb2.GetSchemaResponse(schema='{"name": "kubernetes", "version": "4.34.2"}')

    def Cancel(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Another cluster replaces the provider, unless an identifier says that it is the same."""
        old, new = _plain(request.olds), _plain(request.news)
        changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key) and key != "version")
        if "clusterIdentifier" in old and "clusterIdentifier" in new:
            replacing = ["clusterIdentifier"] if "clusterIdentifier" in changed else []
        else:
            replacing = [key for key in changed if key in ("kubeconfig", "context", "cluster")]
        said = provider_pb2.DiffResponse
        return said(changes=said.DIFF_SOME if changed else said.DIFF_NONE, diffs=changed, replaces=replacing)

    def Configure(self, request: Any, context: Any) -> Any:
        settings = _plain(request.args) or {
            name.rpartition(":")[2]: value for name, value in request.variables.items()
        }
        upsert = settings.get("upsertExistingObjects", os.environ.get("PULUMI_K8S_UPSERT_EXISTING_OBJECTS"))
        self._upsert = str(upsert).lower() == "true"
        force = settings.get("enablePatchForce", os.environ.get("PULUMI_K8S_ENABLE_PATCH_FORCE", "false"))
        self._force = str(force).lower()
        where = settings.get("kubeconfig") or os.environ.get("KUBECONFIG") or "~/.kube/config"
        try:
            self._cluster = Cluster(where, settings.get("context"))
        except (OSError, KeyError, StopIteration) as error:
            self._broken = f"configured Kubernetes cluster is unreachable: failed to load kubeconfig: {error}"
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True)

    def Check(self, request: Any, context: Any) -> Any:
        news = _read(request.news)
        meta = news.setdefault("metadata", {})
        named = protocol.opened(meta)
        if isinstance(named, dict) and "name" not in named and "generateName" not in named:
            old = protocol.opened(_read(request.olds)).get("metadata", {})
            base = request.urn.rpartition("::")[2]
            meta["name"] = old.get("name") or f"{base}-{secrets.token_hex(4)}"
        return provider_pb2.CheckResponse(inputs=_struct(news))

    def Diff(self, request: Any, context: Any) -> Any:
        old, new = _plain(request.old_inputs), _plain(request.news)
        found = detailed(old, new)
        replacing = sorted({path for path in found if immutable(new, path)})
        said, one = provider_pb2.DiffResponse, provider_pb2.PropertyDiff
        kinds = {"add": one.ADD, "delete": one.DELETE, "update": one.UPDATE}
        details = {
            path: one(kind=kinds[kind] + (1 if path in replacing else 0), inputDiff=True)
            for path, kind in found.items()
        }
        return said(
            changes=said.DIFF_SOME if found else said.DIFF_NONE,
            diffs=sorted({path.partition(".")[0].partition("[")[0] for path in found}),
            replaces=replacing,
            deleteBeforeReplace=bool(replacing),
            detailedDiff=details,
            hasDetailedDiff=True,
        )

    def Create(self, request: Any, context: Any) -> Any:
        given = _read(request.properties)
        wanted = protocol.opened(given)
        manager = f"pulumi-kubernetes-{secrets.token_hex(4)}"
        with _Telling(context, wanted, "created"):
            if request.preview:
                return provider_pb2.CreateResponse(properties=_struct(self._tried(given, wanted, manager)))
            time.sleep(DELAY)
            path = self._at().path(wanted)
            if not self._upsert and self._exists(path):
                raise Refused(f'{wanted["kind"]} "{wanted["metadata"]["name"]}" already exists')
            live = self._applied(path, wanted, manager)
            time.sleep(DELAY)
            if wanted["kind"] == "CustomResourceDefinition":
                self._wait_until_established(path)
            return provider_pb2.CreateResponse(
                id=_id(live), properties=_struct(_outputs(live, given, manager))
            )

    def Update(self, request: Any, context: Any) -> Any:
        given = _read(request.news)
        wanted = protocol.opened(given)
        manager = _plain(request.olds).get(MANAGER) or f"pulumi-kubernetes-{secrets.token_hex(4)}"
        with _Telling(context, wanted, "updated"):
            if request.preview:
                return provider_pb2.UpdateResponse(properties=_struct(self._tried(given, wanted, manager)))
            live = self._applied(self._at().path(wanted), wanted, manager)
            return provider_pb2.UpdateResponse(properties=_struct(_outputs(live, given, manager)))

    def Read(self, request: Any, context: Any) -> Any:
        asked = _read(request.inputs) or _read(request.properties)
        wanted = protocol.opened(asked)
        if "kind" not in wanted:
            wanted = asked = _from_urn(request.urn, request.id)
        with _Telling(context, wanted, "read"):
            try:
                live = self._at().ask("GET", self._at().path(wanted))
            except NotThere:
                return provider_pb2.ReadResponse()
            manager = _plain(request.properties).get(MANAGER) or f"pulumi-kubernetes-{secrets.token_hex(4)}"
            inputs = pruned(live, wanted) if _read(request.inputs) else _adopted(live)
            return provider_pb2.ReadResponse(
                id=_id(live),
                inputs=_struct(protocol.resealed(inputs, asked)),
                properties=_struct(_outputs(live, asked, manager)),
            )

    def Delete(self, request: Any, context: Any) -> Any:
        wanted = _plain(request.old_inputs) or _plain(request.properties)
        with _Telling(context, wanted, "deleted"):
            try:
                path = self._at().path(wanted)
                self._at().ask("DELETE", path, propagationPolicy="Background")
                self._wait_until_gone(path)
            except NotThere:
                pass
        return empty_pb2.Empty()

    def _at(self) -> Cluster:
        if self._cluster is None:
            raise Refused(self._broken)
        return self._cluster

    def _exists(self, path: str) -> bool:
        try:
            self._at().ask("GET", path)
        except NotThere:
            return False
        return True

    def _tried(self, given: Object, wanted: Object, manager: str) -> Object:
        """What a preview shows: a dry run on the server where it can be had."""
        if protocol.UNKNOWN in json.dumps(wanted) or not self._at().known(wanted):
            return given
        query = {"fieldManager": manager, "force": "true", "dryRun": "All"}
        try:
            live = self._at().ask("PATCH", self._at().path(wanted), wanted, **query)
        except NotThere:
            return given
        return _outputs(live, given, manager)

    def _applied(self, path: str, wanted: Object, manager: str) -> Object:
        for wait in (0.2, 0.4, 0.8, 1.6):
            try:
                return self._at().ask("PATCH", path, wanted, fieldManager=manager, force=self._force)
            except NotThere:
                time.sleep(wait)
        return self._at().ask("PATCH", path, wanted, fieldManager=manager, force=self._force)

    def _wait_until_established(self, path: str) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            status = self._at().ask("GET", path).get("status") or {}
            conditions = status.get("conditions") or ()
            if any(each["type"] == "Established" and each["status"] == "True" for each in conditions):
                return
            time.sleep(0.05)
        raise Refused("the definition was not established in time")

    def _wait_until_gone(self, path: str) -> None:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self._at().ask("GET", path)
            time.sleep(0.05)
        raise Refused("the object was not gone in time")


class _Telling:
    """Turns a refusal into the protocol's error, in the words that the real provider has."""

    def __init__(self, context: Any, wanted: Object, done: str) -> None:
        self._context, self._done = context, done
        meta = wanted.get("metadata", {})
        self._name = "/".join(filter(None, (meta.get("namespace"), meta.get("name"))))

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if isinstance(error, Refused):
            told = f"resource {self._name!r} was not successfully {self._done} by the Kubernetes API server: {error}"
            self._context.abort(grpc.StatusCode.UNKNOWN, told)


def _named(items: list[Object], name: str) -> Object:
    return next(item for item in items if item["name"] == name)


def _root(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _message(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["message"])
    except (ValueError, KeyError):
        return reply.text.strip() or f"status {reply.status_code}"


def _read(struct: Any) -> Object:
    return _numbers(json_format.MessageToDict(struct))


def _plain(struct: Any) -> Object:
    return dict(protocol.opened(_read(struct)))


def _numbers(value: Any) -> Any:
    """Whole numbers as such: the protocol has floating-point numbers alone."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _struct(value: Object) -> Any:
    return json_format.ParseDict(value, struct_pb2.Struct(), max_recursion_depth=200)


def _id(live: Object) -> str:
    meta = live["metadata"]
    return "/".join(filter(None, (meta.get("namespace"), meta["name"])))


def _outputs(live: Object, given: Object, manager: str) -> Object:
    """What the state keeps: the live object, secret where the inputs were, and the data of any Secret."""
    shown = {**live, MANAGER: manager}
    shown["metadata"] = {key: item for key, item in live["metadata"].items() if key != "managedFields"}
    outputs = dict(protocol.resealed(shown, given))
    if live.get("kind") == "Secret":
        outputs |= {
            key: protocol.sealed(protocol.opened(outputs[key]))
            for key in ("data", "stringData")
            if key in outputs
        }
    return outputs


def _adopted(live: Object) -> Object:
    """The inputs of an object that is taken over: what its author may have said."""
    meta = {
        key: live["metadata"][key]
        for key in ("name", "namespace", "labels", "annotations")
        if key in live["metadata"]
    }
    return {
        **{key: item for key, item in live.items() if key not in ("metadata", "status")},
        "metadata": meta,
    }


def _from_urn(urn: str, identity: str) -> Object:
    """The object that an import names: its kind from the resource's type, its name from the id."""
    kind_of = urn.split("::")[2].rpartition("$")[2]
    _, version, kind = kind_of.split(":")
    namespace, _, name = identity.rpartition("/")
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version.removeprefix("core/"), "kind": kind, "metadata": meta}


if __name__ == "__main__":
    protocol.serve(
        lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(), server)
    )
