"""Batches: many sets of inputs, fed to one deployment in bounded pieces, and told of at the end."""
