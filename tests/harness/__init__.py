"""Real services that tests start: each module gives one, on its own ports and folders, stopped by process id."""
