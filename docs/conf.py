"""Sphinx settings. Pages of environments, learners and the API are written from docstrings before each build."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sphinx.domains.python import PyObject
from sphinx.util.nodes import make_refnode

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))

import environment_figures  # noqa: E402
import pages  # noqa: E402

import coopetition  # noqa: E402

project = "coopetition"
author = "The coopetition maintainers"
version = release = coopetition.__version__

extensions = ["myst_parser", "formulas", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
# Blocks without a language are formulas in plain letters, as a terminal shows them: formulas.py sets them.
highlight_language = "none"
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

# Docstrings are numpydoc; single backticks name things of ours, or code.
default_role = "py:obj"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
# In a sentence, a parameter's name may stand for an attribute of several classes.
suppress_warnings = ["ref.python"]
# Pages have a heading for each name; methods too would make every page's navigation ten times as large.
toc_object_entries = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"coopetition {version}"
html_copy_source = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]

# Files lie beside the pages: one script of MathJax, which fetches nothing.
mathjax_path = "mathjax/tex-svg.js"
mathjax3_config = {
    "options": {"enableMenu": False},
    "svg": {"displayAlign": "left", "fontCache": "global"},
}


def plain_docstring(app, what, name, obj, options, lines):
    """Bars in docstrings are absolute values; attributes that share a line are not each other's type."""
    for k, line in enumerate(lines):
        if shared := re.match(r"(:(?:ivar|vartype) )(\w+(?:, \w+)+)(:.*)", line):
            line = shared[1] + shared[2].replace(" ", "") + shared[3]
        lines[k] = line if "``" in line else line.replace("|", "\\|")


def sentence_of_property(app, what, name, obj, options, lines):
    """Words before a colon in a property's sentence are no type: behind an escaped space they are not read as one."""
    if what in ("property", "attribute", "data") and lines and ": " in lines[0]:
        lines.insert(0, "\\ ")


def short_name(app, env, node, content):
    """A name without its module, such as `Batch` in a sentence, links to the one thing of that name, if there is."""
    if node.get("refdomain") != "py" or node.get("reftype") not in ("obj", "class", "func", "exc", "meth"):
        return None
    name, domain = node["reftarget"].rpartition(".")[2], env.domains.python_domain
    found = {entry.node_id: entry for full, entry in domain.objects.items() if full.rpartition(".")[2] == name}
    found = {place: entry for place, entry in found.items() if entry.objtype in ("class", "function", "exception")}
    if "." in node["reftarget"] or len(found) != 1:
        return None
    ((place, entry),) = found.items()
    return make_refnode(app.builder, node["refdoc"], entry.docname, place, content, name)


def setup(app):
    for kind in PyObject.doc_field_types:
        kind.label = {"Variables": "Attributes"}.get(str(kind.label), kind.label)
    app.connect("autodoc-process-docstring", sentence_of_property, priority=400)
    app.connect("autodoc-process-docstring", plain_docstring)
    app.connect("missing-reference", short_name)


pages.write(HERE / "environments")
environment_figures.write(HERE / "environments")
pages.write_algorithms(HERE / "learning")
pages.write_api(HERE / "api")
