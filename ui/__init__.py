"""The page: the only place that imports gradio.

`build(manager)` gives a FastAPI application, ready for any ASGI server.
"""

import os

# Read by gradio when it is imported, so it has to be said first: nothing is reported to anyone.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from ui.app import build

__all__ = ["build"]
