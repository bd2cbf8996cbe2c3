"""What the script keeps of containerd's bundles: whose containers they are. Their environments and arguments stay.

A bundle's config.json is searched for a few annotations by their names in quotes. Inside a value of the file every
quote has a backslash before it, so nothing that a container was given passes for one of them.
"""

from __future__ import annotations

NOTES = (
    "io.kubernetes.cri.container-type", "io.kubernetes.cri.container-name", "io.kubernetes.cri.sandbox-name",
    "io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.image-name", "nerdctl/name", "nerdctl/image",
)  # fmt: skip
"""The annotations that the agent makes names, images and owners of."""

KEEP = r"""
function note(name,  start) {
  start = index($0, "\"" name "\":")
  if (!start) return
  if (!match(substr($0, start + length(name) + 3), /^[ \t]*"[A-Za-z0-9._:\/@+-]*"/)) return
  notes[FILENAME] = notes[FILENAME] (notes[FILENAME] == "" ? "" : ",") "\"" name "\":" \
    substr($0, start + length(name) + 3, RLENGTH)
}
FNR == 1 { file[++files] = FILENAME }
{ %s }
END { for (i = 1; i <= files; i++) print file[i] ":{\"annotations\":{" notes[file[i]] "}}" }
""" % "; ".join(f'note("{name}")' for name in NOTES)  # noqa: UP031  # braces are awk's
"""An awk program without a single quote: of each file it is given, a JSON object that holds these annotations only."""
