"""What should be, as pure functions of what was observed, what is declared, and the time."""
