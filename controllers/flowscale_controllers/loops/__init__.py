"""Level-triggered loops: each turn looks at everything that is, and does what is missing."""
