"""The composition root: what `epicentre up` starts. Imported only by it, so that every other command stays quick."""
