"""Files of rows: how they are read and written, in which order they are sent, and how an interrupted one goes on."""
