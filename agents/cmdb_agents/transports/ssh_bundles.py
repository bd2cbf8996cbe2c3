"""What the script keeps of containerd's bundles: whose containers they are, and what of the host is mounted in them.
Their environments and arguments stay.

A bundle's config.json is searched for a few annotations, and for the words of a mount, by their names in quotes. Inside
a value of the file every quote has a backslash before it, so nothing that a container was given passes for one of them.
Whoever writes a mount, in the order of its fields or of the alphabet, begins with its destination, which nothing else
in the file has; what then comes first belongs to it.
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
function mount(  name, value) {
  while (match($0, /"(destination|type|source)":[ \t]*"/)) {
    name = substr($0, RSTART + 1, index(substr($0, RSTART + 1), "\"") - 1)
    $0 = substr($0, RSTART + RLENGTH)
    value = match($0, /^[^"\\]*"/) ? substr($0, 1, RLENGTH - 1) : ""
    if (name == "destination") { mounted(); to = value; type = source = "" }
    else if (name == "type" && type == "") type = value
    else if (name == "source" && source == "") source = value == "" ? "?" : value
  }
}
function mounted() {
  if (to != "" && type == "bind" && source ~ /^\// && count[at]++ < 256)
    mounts[at] = mounts[at] (mounts[at] == "" ? "" : ",") \
      "{\"type\":\"bind\",\"source\":\"" source "\",\"destination\":\"" to "\"}"
}
FNR == 1 { mounted(); to = ""; at = file[++files] = FILENAME }
{ %s; mount() }
END {
  mounted()
  for (i = 1; i <= files; i++)
    print file[i] ":{\"annotations\":{" notes[file[i]] "},\"mounts\":[" mounts[file[i]] "]}"
}
""" % "; ".join(f'note("{name}")' for name in NOTES)  # noqa: UP031  # braces are awk's
"""An awk program without a single quote: of each file it is given, a JSON object that holds this only."""
