"""Specs as infrastructure: Kubernetes objects, Pulumi programs, Argo templates and git sync."""
