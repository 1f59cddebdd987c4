"""The `flowscale` command: one module a verb.

Verbs import what is heavy (specs, the platform, the client) only when they run, so that every call starts at once.
"""
