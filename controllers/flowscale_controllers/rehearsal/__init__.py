"""Replaying recorded traffic against the decisions that run in a cluster, on fake time."""
