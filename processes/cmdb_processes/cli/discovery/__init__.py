"""Reading devices without an agent: targets, credentials by reference, what was seen, and the rows that say so."""
