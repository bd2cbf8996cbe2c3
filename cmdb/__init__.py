"""The heart: nouns, classes, identity, reconciliation, store and impact; no web, no GraphQL."""
