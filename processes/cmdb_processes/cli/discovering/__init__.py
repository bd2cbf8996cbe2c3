"""What `epicentre discover` is made of: looking, the collector's own things, and the server's page of runs."""
