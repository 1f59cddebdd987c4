"""Traces by OpenTelemetry: who follows a request through queue, worker and nodes. Off unless an exporter is configured."""
