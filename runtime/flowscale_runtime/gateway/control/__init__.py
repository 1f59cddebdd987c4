"""Control routes: keys, deployments, usage, budgets, webhooks, and who changed what."""
