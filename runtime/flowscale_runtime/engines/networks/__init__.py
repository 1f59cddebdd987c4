"""Networks of `Model` specs: what they are, how each format computes, and which stay in memory."""
