"""Where facts and bytes live: one SQLAlchemy metadata, databases that run it, object stores."""
