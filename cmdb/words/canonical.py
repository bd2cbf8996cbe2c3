"""JSON as it is hashed and kept: equal values have equal texts. The encoder is made once: many texts are short."""

import json

canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
"""The text of a value: keys sorted, no spaces, nothing escaped that UTF-8 can say."""
