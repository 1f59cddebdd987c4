"""What computes a graph: today the in-process engine, in a host process that alone imports nodes and torch."""
