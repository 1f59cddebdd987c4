"""The worker: claims runs, has them computed in host processes, publishes what they give."""
