"""What `epicentre discover` is made of: each file that has an `offer` brings commands, and is found by itself."""
