"""The command `epicentre`: one file per group of commands, each found by its `register`."""
