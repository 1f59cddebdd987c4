"""Level-triggered loops that scale, roll out, hold budgets and start what triggers ask for."""
