"""Sphinx configuration; the pages of the specification and the API are written before a build."""

import os
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from initcore import __version__ as release  # noqa: E402
from initcore.specification import write_pages  # noqa: E402
from tests.tools import reference  # noqa: E402

os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # of the notebooks
warnings.filterwarnings("ignore", category=UserWarning, module="keras")
write_pages(Path(__file__).parent / "spec")
reference.write_reference(Path(__file__).parent / "api")

project = "initcore"
author = project_copyright = "The initcore maintainers"
version = release
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_design",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "examples", ".jupyter_cache", "jupyter_execute"]

# Notebooks are the pages with code cells. They run at every build; an error fails it.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 180
nb_merge_streams = True
nb_execution_show_tb = True

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# Docstrings: `name` is a link where the name is known, and code elsewhere.
default_role = "py:obj"
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_ivar = True
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"initcore {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["versions.js"]
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e99", "color-brand-content": "#0b6e99"},
    "dark_css_variables": {"color-brand-primary": "#5cc0e8", "color-brand-content": "#5cc0e8"},
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"


def setup(app):
    """Complete docstrings before napoleon reads them."""
    app.connect("autodoc-process-docstring", reference.complete, priority=400)
    app.connect("autodoc-process-signature", reference.shorten)
    app.connect("autodoc-skip-member", reference.skip_member)
