"""Promotions: release digests that move from one environment to the next, after tests and people agreed."""
