"""Looking at machines and devices from outside: targets, credentials, runs, and one file of `kinds/` per way in."""
