"""Schedules on one machine: what starts by time and by changes of data, in the process that serves."""
