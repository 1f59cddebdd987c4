"""The parts that all templates share: a container with the `flowscale` command, and the frame around templates."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from hera.workflows import Container, Parameter, RetryStrategy, WorkflowTemplate
from hera.workflows import models as m

from flowscale_stacks.pipelines.settings import KEY_SECRET, SECRETS, Jobs, Object

KEPT = m.TTLStrategy(seconds_after_success=7 * 86_400, seconds_after_failure=30 * 86_400)
ENDED_BADLY = "5"
"""The exit code of a job that ended and did not succeed: another attempt would end alike."""
USER = 10_001


def command(
    jobs: Jobs,
    name: str,
    args: Sequence[str],
    *,
    attempts: int = 10,
    deadline: float | None = None,
    memory: str = "1Gi",
    inputs: Sequence[Parameter] = (),
) -> Container:
    """A template that runs `flowscale` with these words; it is tried again when its pod dies or its job pauses."""
    return Container(
        name=name,
        image=jobs.image,
        image_pull_policy="IfNotPresent",
        command=["flowscale"],
        args=[literal(word) for word in args],
        env=_environment(jobs),
        inputs=list(inputs),
        volume_mounts=[
            m.VolumeMount(name="secrets", mount_path=SECRETS, read_only=True),
            m.VolumeMount(name="tmp", mount_path="/tmp"),  # noqa: S108 (a folder in a pod of its own)
        ],
        resources=m.ResourceRequirements(
            requests={"cpu": m.Quantity("100m"), "memory": m.Quantity("256Mi")},
            limits={"memory": m.Quantity(memory)},
        ),
        security_context=m.SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=m.Capabilities(drop=["ALL"]),
        ),
        retry_strategy=RetryStrategy(
            limit=attempts - 1,
            retry_policy="Always",
            expression=f"lastRetry.status == 'Error' || lastRetry.exitCode != '{ENDED_BADLY}'",
            backoff=m.Backoff(duration="10s", factor=m.IntOrString(2), max_duration="10m"),
        )
        if attempts > 1
        else None,
        active_deadline_seconds=None if deadline is None else int(deadline),
    )


def template(
    jobs: Jobs,
    name: str,
    component: str,
    templates: Sequence[Any],
    entrypoint: str,
    *,
    parameters: Mapping[str, str | None] | None = None,
    on_exit: str | None = None,
    deadline: float | None = None,
) -> Object:
    """A WorkflowTemplate. A parameter whose value is None must be given."""
    made = WorkflowTemplate(
        name=name,
        namespace=jobs.namespace,
        labels=labels(jobs, component),
        entrypoint=entrypoint,
        on_exit=on_exit,
        templates=list(templates),
        arguments=[Parameter(name=one, value=value) for one, value in (parameters or {}).items()],
        service_account_name="jobs",
        automount_service_account_token=False,
        executor=m.ExecutorConfig(service_account_name="jobs"),
        ttl_strategy=KEPT,
        pod_gc=m.PodGC(strategy="OnPodSuccess"),
        archive_logs=False,
        active_deadline_seconds=None if deadline is None else int(deadline),
        workflow_metadata=m.WorkflowMetadata(labels=labels(jobs, component)),
        security_context=m.PodSecurityContext(
            run_as_non_root=True,
            run_as_user=USER,
            run_as_group=USER,
            fs_group=USER,
            seccomp_profile=m.SeccompProfile(type="RuntimeDefault"),
        ),
        volumes=[
            m.Volume(name="secrets", secret=m.SecretVolumeSource(secret_name=KEY_SECRET, default_mode=0o440)),
            m.Volume(name="tmp", empty_dir=m.EmptyDirVolumeSource(size_limit=m.Quantity("1Gi"))),
        ],
    )
    return dict(made.to_dict())


def labels(jobs: Jobs, component: str) -> dict[str, str]:
    """The labels of every object of jobs."""
    return {
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "flowscale",
        "app.kubernetes.io/managed-by": "flowscale",
        **jobs.labels,
    }


def literal(text: str) -> str:
    """A word of a command. In JSON, two braces in a text would look like Argo's own to Argo."""
    return text.replace("{{", "{\\u007b") if text.startswith(('{"', "[{")) else text


def as_json(value: Any) -> str:
    """JSON in one line, the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _environment(jobs: Jobs) -> list[m.EnvVar]:
    key = m.SecretKeySelector(name=KEY_SECRET, key="key")
    return [
        *(m.EnvVar.model_validate(one) for one in jobs.environment),
        m.EnvVar(name="FLOWSCALE_BASE_URL", value=jobs.gateway),
        m.EnvVar(name="FLOWSCALE_API_KEY", value_from=m.EnvVarSource(secret_key_ref=key)),
        m.EnvVar(name="FLOWSCALE_BATCHES", value=f"{jobs.state}/batches"),
        m.EnvVar(name="FLOWSCALE_PIPELINES", value=f"{jobs.state}/pipelines"),
        m.EnvVar(name="FLOWSCALE_PROMOTIONS", value=f"{jobs.state}/promotions"),
        m.EnvVar(name="FLOWSCALE_SECRETS", value=SECRETS),
        m.EnvVar(name="HOME", value="/tmp"),  # noqa: S108 (a folder in a pod of its own)
    ]
