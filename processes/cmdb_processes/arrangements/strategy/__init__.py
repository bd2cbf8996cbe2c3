"""Strategies: the approved policy of a process, with its scope, objectives, promises, owner and date of review."""
