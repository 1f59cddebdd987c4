"""What is: the gateway's counts, and the objects of the cluster."""
