"""The code of the scripts: one module or sub-package for each launcher in scripts/."""
