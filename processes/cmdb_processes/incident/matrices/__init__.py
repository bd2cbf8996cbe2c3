"""Matrices of priorities beside the presets: each is one file here, found by itself."""
