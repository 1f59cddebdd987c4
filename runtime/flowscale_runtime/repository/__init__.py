"""Workflows of a project as files in git: saved, listed, compared, taken back."""
