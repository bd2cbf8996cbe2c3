"""Classes, attributes and relations that users add at run time: YAML or Python files in a folder of theirs."""
