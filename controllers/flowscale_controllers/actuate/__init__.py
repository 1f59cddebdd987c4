"""What is done: scaling, status, Events, leases, messages to people."""
