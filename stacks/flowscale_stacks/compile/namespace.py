"""The namespace, with the pod security standard that it enforces, and the priority of what runs in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowscale_stacks.compile.objects import everywhere
from flowscale_stacks.compile.pods import priority_class

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowscale_stacks.compile.context import Context
    from flowscale_stacks.compile.objects import Object


def namespace(context: Context) -> Iterator[Object]:
    """The namespace, and the priority class where one is asked for."""
    found = everywhere("v1/Namespace", context.namespace, context, "namespace")
    standard = context.hosting.pod_security
    found["metadata"]["labels"] |= {
        "pod-security.kubernetes.io/enforce": standard,
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
    }
    yield found
    if context.hosting.priority is not None:
        yield everywhere(
            "scheduling.k8s.io/v1/PriorityClass",
            priority_class(context),
            context,
            "namespace",
            value=context.hosting.priority,
            description=f"Pods of FlowScale in {context.namespace}.",
        )
