"""Sphinx configuration."""

project = "initcore"
author = "The initcore maintainers"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
nb_execution_mode = "off"
html_theme = "furo"
exclude_patterns = ["_build", "examples"]
myst_enable_extensions = ["dollarmath"]
