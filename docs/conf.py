"""Sphinx configuration; the pages of the specification are written here, before each build."""

from pathlib import Path

from initcore.specification import write_pages

write_pages(Path(__file__).parent / "spec")

project = "initcore"
author = "The initcore maintainers"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
nb_execution_mode = "off"
html_theme = "furo"
exclude_patterns = ["_build", "examples"]
myst_enable_extensions = ["dollarmath"]
