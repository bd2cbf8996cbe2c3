"""The example company of `epicentre demo`: what it has (`inventory`), as rows of an import (`estate`, `timeline`)."""
