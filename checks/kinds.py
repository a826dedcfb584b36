"""The kinds of files that the checks know, and how large one may be."""

# The folder below snippets/ says what kind a snippet is; the ending says that it is not something else.
KINDS = {
    "cni": ".conf",
    "pods": ".yaml",
    "units": ".service",
    "shell": ".console",
    "flags": ".md",
    "diagrams": ".svg",
    "env": ".env",
    "failures": ".conf",
}
# What --kind calls them, for files that stand in no such folder.
KIND_NAMES = {
    "cni": "cni", "pod": "pods", "unit": "units", "console": "shell", "flags": "flags", "diagram": "diagrams",
    "env": "env", "page": "page",
}  # fmt: skip

# No snippet and no page comes near this; what does is a mistake, and reading it would only cost time and memory.
LARGEST = 1024 * 1024
# The project's own lists, such as the record, grow with the guide.
LARGEST_LIST = 16 * LARGEST
