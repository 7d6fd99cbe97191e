"""Moving: conversations out of a store and into one, as bundles and in the forms of other programs."""

from memory.transfer.bundle import export_bundle
from memory.transfer.html import export_html
from memory.transfer.intake import FORMATS, import_file
from memory.transfer.markdown import export_markdown
from memory.transfer.openai import export_openai
from memory.transfer.progress import Progress, silent
from memory.transfer.report import Report
from memory.transfer.sharegpt import export_sharegpt
from memory.transfer.unbundle import import_bundle

__all__ = [
    "FORMATS",
    "Progress",
    "Report",
    "export_bundle",
    "export_html",
    "export_markdown",
    "export_openai",
    "export_sharegpt",
    "import_bundle",
    "import_file",
    "silent",
]
