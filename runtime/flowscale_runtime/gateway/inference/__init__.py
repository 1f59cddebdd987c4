"""The Open Inference Protocol: deployments and `Model`s answer `/v2` and gRPC, for KServe's and Triton's clients."""
