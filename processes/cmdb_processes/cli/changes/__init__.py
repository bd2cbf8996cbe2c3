"""The commands of `epicentre change`."""
