"""Node packs from their sources: fetched by commit, locked with their wheels, installed into environments of their own."""
