"""Checks that prove the guide: every snippet, every page, every link.

Data flows one way: a `Tree` of files, checks that read it, findings that they yield, a report.

```python
from pathlib import Path

from checks.findings import run
from checks.tree import Tree

tree = Tree(Path("."))
for finding in run(tree):
    print(finding.place, finding.message)
```
"""
