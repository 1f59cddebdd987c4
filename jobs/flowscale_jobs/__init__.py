"""What runs beside the servers, in a pod of Argo or on a laptop: batches, pipelines, promotions, schedules."""
