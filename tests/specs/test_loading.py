"""Specs are read from files and folders; every fault is told at once, with its place and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowscale_specs import KINDS, Documents, SpecError, SpecErrors, load, parse, resolve
from flowscale_specs.suggestions import hint, nearest

Write = Callable[..., Path]
Faults = Callable[[Callable[[], object]], list[str]]


def names(documents: Documents) -> list[tuple[str, str]]:
    return [(entry.kind, entry.name) for entry in documents]


def test_a_folder_is_read_with_all_that_is_in_it(write: Write, tmp_path: Path) -> None:
    write("kind: Budget\nmetadata: {name: b}\nspec: {limit: $1}\n---\nkind: Project\n", "b.yaml")
    write("kind: Budget\nmetadata: {name: a}\nspec: {limit: $1}\n", "a.yml")
    write("kind: Budget\nmetadata: {name: c}\nspec: {limit: $1}\n", "deep/er/c.yaml")
    for hidden in (".git/x.yaml", "node_modules/x.yaml", ".x.yaml", "x.yaml.bak", "x.json"):
        write("not: [yaml", hidden)
    documents = load(tmp_path)
    assert names(documents) == [("Budget", "a"), ("Budget", "b"), ("Project", "default"), ("Budget", "c")]
    assert [file.name for file in documents.files] == ["a.yml", "b.yaml", "c.yaml"]


def test_files_and_folders_are_read_once(write: Write, tmp_path: Path) -> None:
    file = write("kind: Project\n")
    assert len(load(tmp_path, file, tmp_path)) == 1


def test_an_empty_folder_has_no_documents(tmp_path: Path) -> None:
    assert len(load(tmp_path)) == 0


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n"])
def test_empty_documents_say_nothing(write: Write, text: str) -> None:
    assert len(load(write(text))) == 0


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path, faults: Faults) -> None:
    assert faults(lambda: load(tmp_path / "no.yaml")) == ["no.yaml:1:1: there is no such file or folder"]


def test_all_faults_are_told_at_once(write: Write, tmp_path: Path, faults: Faults) -> None:
    write("kind: Workflow\nspec: {sorce: a.json}\n---\nkind: Budgit\n", "a.yaml")
    write("a: [", "b.yaml")
    write("kind: WorkflowDeployment\nspec:\n  gpu: [L4]\n  limits: {timeout: 5}\n  limits: {}\n", "c.yaml")
    assert faults(lambda: load(tmp_path)) == [
        "a.yaml:2:8: spec.sorce: unknown key (did you mean source?)",
        "a.yaml:4:7: kind: there is no kind 'Budgit' (did you mean Budget?)",
        "b.yaml:1:5: not YAML: did not find expected node content (the file ends while parsing a flow node)",
        "c.yaml:3:8: spec.gpu: should be text",
        "c.yaml:4:21: spec.limits.timeout: '5' is not a span of time: write it like 90s or 10m or 1h30m",
        "c.yaml:5:3: spec.limits: this key stands here twice (first in line 4)",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metdata: {}", "2:1: metdata: unknown key (did you mean metadata?)"),
        ("metadata: {nam: a}", "2:12: metadata.nam: unknown key (did you mean name?)"),
        (
            "spec: {scaling: {queue_depth: 3}}",
            "2:18: spec.scaling.queue_depth: unknown key (did you mean queueDepth?)",
        ),
        ("spec: {scalling: {min: 1}}", "2:8: spec.scalling: unknown key (did you mean scaling?)"),
        (
            "spec: {auth: {jwt: {isuer: x, issuer: https://a.b, audience: c, keys: https://a.b}}}",
            "2:21: spec.auth.jwt.isuer: unknown key (did you mean issuer?)",
        ),
        (
            "spec: {webhooks: [{url: 'https://a.b', event: []}]}",
            "2:40: spec.webhooks[0].event: unknown key (did you mean events?)",
        ),
        (
            "spec: {scaling: {mode: autoo}}",
            "2:24: spec.scaling.mode: 'autoo' is not one of the choices (did you mean auto?)",
        ),
        ("spec: {scaling: {min: 2, max: 1}}", "2:17: spec.scaling: min 2 is above max 1"),
        (
            "spec: {scaling: {min: 'x'}}",
            "2:23: spec.scaling.min: should be a whole number, written without quotes",
        ),
        ("spec: {scaling: {min: 1.5}}", "2:23: spec.scaling.min: should be a whole number"),
        (
            "spec: {scaling: {min: true}}",
            "2:23: spec.scaling.min: should be a whole number, written without quotes",
        ),
        ("spec: {scaling: {min: -1}}", "2:23: spec.scaling.min: should be at least 0"),
        ("spec: {scaling: {predictive: maybe}}", "2:30: spec.scaling.predictive: should be true or false"),
        ("spec: {limits: []}", "2:16: spec.limits: should be a mapping"),
        ("spec: {tags: a}", "2:14: spec.tags: should be a list"),
        ("spec: {cors: {origins: ['https://a.b/c']}}", "2:25: spec.cors.origins[0]: not an origin"),
        ("spec: {auth: {allowedAddresses: [1.2.3]}}", "2:34: spec.auth.allowedAddresses[0]: not a network"),
        ("spec: {traffic: {x: 100%}}", "2:18: spec.traffic.x: 'x' is not a semantic version"),
        ("spec: {traffic: {1.0.0: 100}}", "2:25: spec.traffic.1.0.0: '100' is not a percentage"),
        ("metadata: {name: Über}", "2:18: metadata.name: not a name"),
        ("metadata: {name: Big}", "2:18: metadata.name: a name has no capital letters (write big)"),
        ("apiVersion: flowscale.ai/v2", "2:13: apiVersion: 'flowscale.ai/v2' is not one of the choices"),
        ("spec: {variables: {1A: x}}", "2:20: spec.variables.1A: not the name of a variable"),
    ],
)
def test_a_fault_says_where_what_and_what_to_do(
    write: Write, tmp_path: Path, faults: Faults, text: str, told: str
) -> None:
    write(f"kind: WorkflowDeployment\n{text}\n" + ("" if "metadata" in text else "metadata: {name: a}\n"))
    found = faults(lambda: load(tmp_path))
    assert len(found) == 1
    assert found[0].startswith(f"flowscale.yaml:{told}")


def test_a_missing_key_is_told_at_what_misses_it(write: Write, tmp_path: Path, faults: Faults) -> None:
    write("kind: Budget\nmetadata: {name: a}\nspec:\n  exceeded: refuse\n")
    assert faults(lambda: load(tmp_path)) == ["flowscale.yaml:4:3: spec.limit: is missing"]


def test_a_document_without_a_kind_is_told_the_kinds(write: Write, faults: Faults) -> None:
    file = write("metadata: {name: a}\nspec: {}\n")
    assert faults(lambda: load(file)) == [f"flowscale.yaml:1:1: kind is missing (one of {', '.join(KINDS)})"]


@pytest.mark.parametrize("text", ["[1, 2]", "hello", "5"])
def test_a_document_is_a_mapping(write: Write, faults: Faults, text: str) -> None:
    file = write(text)
    assert faults(lambda: load(file)) == [
        "flowscale.yaml:1:1: a document should be a mapping (start it with kind: Workflow)"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "services: {web: {image: nginx}}",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
        "name: project\nruntime: python\n",
        "- a\n- b\n",
    ],
)
def test_other_files_in_a_folder_are_skipped_and_listed(
    write: Write, tmp_path: Path, faults: Faults, text: str
) -> None:
    file = write(text, "other.yaml")
    documents = load(tmp_path)
    assert (len(documents), documents.skipped, documents.files) == (0, (file,), ())
    assert len(faults(lambda: load(file))) == 1


@pytest.mark.parametrize("version", ["flowscale.ai/v2", "flowscal.ai/v1", "v1.flowscale"])
def test_a_slip_in_the_version_is_not_skipped(
    write: Write, tmp_path: Path, faults: Faults, version: str
) -> None:
    write(f"apiVersion: {version}\nkind: Project\n")
    assert "apiVersion" in faults(lambda: load(tmp_path))[0]


def test_duplicate_names_are_refused(write: Write, tmp_path: Path, faults: Faults) -> None:
    write("kind: Budget\nmetadata: {name: a}\nspec: {limit: $1}\n", "1.yaml")
    write(
        "kind: Project\nmetadata: {name: a}\n---\nkind: Budget\nmetadata:\n  name: a\nspec: {limit: $2}\n",
        "2.yaml",
    )
    assert faults(lambda: load(tmp_path)) == [
        f"2.yaml:6:9: metadata.name: there are two documents Budget a (the first is at {tmp_path}/1.yaml:2)".replace(
            f"{tmp_path}/", ""
        )
    ]


@pytest.mark.parametrize(
    ("source", "folder", "name"),
    [
        ("Portrait v2.json", "x", "portrait-v2"),
        ("flux.api.json", "x", "flux"),
        ("workflow.json", "My Portraits", "my-portraits"),
        ("sub/workflow_api.json", "studio", "studio"),
    ],
)
def test_a_workflow_takes_the_name_of_its_file_or_folder(
    tmp_path: Path, source: str, folder: str, name: str
) -> None:
    path = tmp_path / folder / source
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    spec = tmp_path / folder / "spec.yaml"
    spec.write_text(f"kind: Workflow\nspec: {{source: {source}}}\n")
    assert names(load(spec)) == [("Workflow", name)]


def test_a_deployment_takes_the_name_of_its_workflow(loaded: Callable[[str], Documents]) -> None:
    only = "kind: Workflow\nmetadata: {name: a}\n---\nkind: WorkflowDeployment\n"
    said = "kind: WorkflowDeployment\nspec: {workflow: b}\n"
    assert names(loaded(only)) == [("Workflow", "a"), ("WorkflowDeployment", "a")]
    assert names(loaded(said)) == [("WorkflowDeployment", "b")]


def test_other_kinds_need_a_name(write: Write, tmp_path: Path, faults: Faults) -> None:
    write("kind: Budget\nspec: {limit: $1}\n")
    assert faults(lambda: load(tmp_path)) == [
        "flowscale.yaml:1:1: metadata.name: is missing (write metadata: {name: ...})"
    ]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("workflw.json", "3:11: spec.source: there is no file workflw.json (did you mean workflow.json?)"),
        ("x" * 300, "3:11: spec.source: there is no file xxx"),
        ("none/workflow.json", "3:11: spec.source: there is no file none/workflow.json"),
        ("../secrets.json", "3:11: spec.source: leads out of the folder of the specs"),
        ("a/../../b.json", "3:11: spec.source: leads out of the folder of the specs"),
        ("/etc/passwd", "3:11: spec.source: not a relative path"),
        ("C:\\x.json", "3:11: spec.source: not a relative path"),
        ("https://example.com/w.json", "3:11: spec.source: an address needs its checksum"),
        ("{path: workflow.json, url: 'https://example.com'}", "3:11: spec.source: give either path or url"),
        ("{url: 'https://me:pw@example.com/w.json'}", "3:17: spec.source.url: not a web address"),
    ],
)
def test_the_workflow_file_must_be_there(
    write: Write, tmp_path: Path, faults: Faults, source: str, told: str
) -> None:
    write(f"kind: Workflow\nspec:\n  source: {source}\n")
    found = faults(lambda: load(tmp_path))
    assert len(found) == 1
    assert found[0].startswith(f"flowscale.yaml:{told}")


def test_a_workflow_file_may_lie_elsewhere_in_the_folder(write: Write, tmp_path: Path) -> None:
    write("kind: Workflow\nspec: {source: ../workflow.json}\n", "specs/a.yaml")
    assert names(load(tmp_path)) == [("Workflow", "specs")]


SECRETS = [
    "sk-abcdefghijklmnopqrstuvwx",
    "hf_ABCDEFGHIJKLMNOPQRSTUVWX",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZI",
    "correct horse",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "text",
    [
        "kind: Project\nspec: {{secrets: {{TOKEN: {secret}}}}}",
        "kind: Project\nspec: {{secrets: {{TOKEN: {{secret: {secret}}}}}}}",
        "kind: Project\nspec: {{secrets: {{TOKEN: {{secret: a/b, value: {secret}}}}}}}",
        "kind: WorkflowDeployment\nmetadata: {{name: a}}\nspec: {{webhooks: [{{url: 'https://a.b', secret: {secret}}}]}}",
        "kind: Environment\nmetadata: {{name: a}}\nspec: {{stores: {{database: 'postgres://me:{secret}@db/x'}}}}",
        "kind: Project\nspec: {secret}",
        "kind: Project\nspec: {{password: {secret}}}",
        "kind: Project\nspec: {{secrets: {{TOKEN: {secret}}}, secrets: {{TOKEN: {secret}}}}}",
        "kind: Project\nspec: {{secrets: {{TOKEN: '{secret}}}}}",
    ],
)
def test_secrets_are_never_echoed(
    write: Write, tmp_path: Path, faults: Faults, text: str, secret: str
) -> None:
    write(text.format(secret=secret))
    assert secret not in "\n".join(faults(lambda: load(tmp_path)))


@pytest.mark.parametrize("secret", SECRETS[:3])
@pytest.mark.parametrize(
    "spec",
    [
        "gpu: {secret}",
        "limits: {{timeout: {secret}}}",
        "{secret}: 1",
        "scaling: {secret}",
        "variables: {{KEY: {secret}}}",
    ],
)
def test_what_looks_like_a_secret_is_not_echoed(
    write: Write, tmp_path: Path, faults: Faults, spec: str, secret: str
) -> None:
    write(
        f"kind: WorkflowDeployment\nmetadata: {{name: a}}\nspec: {{workflow: a, {spec.format(secret=secret)}}}\n"
    )
    assert secret not in "\n".join(faults(lambda: resolve(load(tmp_path))))


@pytest.mark.parametrize(
    "name",
    [
        "sk-stable-diffusion-v1-5-inpainting",
        "hf_hub_offline",
        "task-force-of-many-things",
        "npm_config_cache",
    ],
)
def test_names_are_not_taken_for_secrets(loaded: Callable[[str], Documents], name: str) -> None:
    assert len(loaded(f"kind: Project\nspec: {{variables: {{A: {name}}}}}\n")) == 1


def test_errors_are_in_the_order_of_files_and_lines() -> None:
    late, early = SpecError(Path("b"), 1, 1, "", "x"), SpecError(Path("a"), 9, 1, "", "x")
    first = SpecError(Path("a"), 2, 1, "", "x")
    assert SpecErrors([late, early, first, first]).errors == (first, early, late)


def test_the_nearest_word_is_found() -> None:
    assert nearest("queue_depth", ["queueDepth", "latency"]) == "queueDepth"
    assert nearest("zzz", ["queueDepth"]) is None
    assert hint("zzz", ["b", "a"]) == "there is a, b"
    assert hint("zzz", []) == ""


def documents_or_errors(data: bytes) -> bool:
    """Whether bytes resolve, or are refused with errors that stand somewhere and say something."""
    try:
        resolve(parse(data))
    except SpecErrors as errors:
        return bool(errors.errors) and all(e.line >= 1 and e.column >= 1 and e.message for e in errors.errors)
    return True


@given(data=st.binary(max_size=300))
def test_any_bytes_are_documents_or_errors(data: bytes) -> None:
    assert documents_or_errors(data)


_KEYS = [
    "spec",
    "metadata",
    "name",
    "source",
    "inputs",
    "scaling",
    "min",
    "traffic",
    "1.0.0",
    "limits",
    "from",
    "steps",
    "on",
]
_SCALARS = [
    "1",
    "-1",
    "1e3",
    "on",
    "90%",
    "$5/month",
    "16Gi",
    "a",
    "''",
    "~",
    "true",
    "[]",
    "{}",
    ".nan",
    "'\\0'",
    "2.1.0",
]
_nodes = st.recursive(
    st.sampled_from(_SCALARS),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        )
    ),
    max_leaves=15,
)


@given(kind=st.sampled_from([*KINDS, "Workflo"]), metadata=_nodes, spec=_nodes)
def test_documents_of_any_shape_are_documents_or_errors(kind: str, metadata: str, spec: str) -> None:
    assert documents_or_errors(f"kind: {kind}\nmetadata: {metadata}\nspec: {spec}\n".encode())


@given(data=st.data())
def test_damaged_specs_are_documents_or_errors(data: st.DataObject) -> None:
    whole = (Path(__file__).parent / "complete" / "portrait.yaml").read_text()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 30)))
    damaged = whole[:start] + data.draw(st.text(max_size=8)) + whole[end:]
    assert documents_or_errors(damaged.encode(errors="surrogatepass"))
