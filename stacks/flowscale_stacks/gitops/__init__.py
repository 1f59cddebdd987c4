"""Git sync: follows a branch, makes the cluster what each commit says, heals what others change, tells how it went."""
