"""Comfy API v2: assets, jobs and their events, as the official `comfy-sdk` speaks it."""
