"""Start Vis-à-Vis: parse, wire, serve."""

from __future__ import annotations

import argparse
import errno
import ipaddress
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from prompts import VisavisError

if TYPE_CHECKING:
    from chat import DialogueManager

FAILED = 2
"""The exit code when it could not start, the same as for wrong arguments."""

DESCRIPTION = """\
Talk with a model that sees: a page in your browser, with everything on this computer.

Without any option it starts the built-in model on whatever device suits it, keeps
conversations in your own data folder, and opens the page."""

EPILOG = """\
examples:
  python launch.py                                 the page at http://127.0.0.1:7860
  python launch.py --port 8000 --no-open           at another port, without opening a browser
  python launch.py --model echo --database /tmp/try.db
                                                   try the page without a model
  python launch.py --device cpu --threads 2        leave the rest of the machine alone

Ctrl-C ends it: replies under way are stopped and kept as far as they got. The exit code
is 0 after Ctrl-C, 2 if it could not start. There is no log-in: keep --host at its default
unless you trust everyone who can reach the port."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; the exit code."""
    options = parser().parse_args(arguments)
    _say("Vis-à-Vis is starting.")
    # The polite way to end a service is to end like Ctrl-C. A script's shell has programs in the background
    # ignore that one, and the server ends at it all the same, but without a word.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    try:
        with ExitStack() as closing:
            run(options, closing)
    except VisavisError as error:
        print(f"Vis-à-Vis cannot start: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        _say("Vis-à-Vis has ended.")
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        "launch.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this computer only)")
    add(
        "--port",
        type=_port,
        default=7860,
        help="port to listen on; 0 takes a free one (default: %(default)s)",
    )
    add(
        "--model",
        default="builtin",
        help="builtin, echo, or the folder of a checkpoint (default: %(default)s)",
    )
    add(
        "--database",
        metavar="FILE",
        help="where conversations are kept; made if it does not exist (default: visavis.db in your data "
        "folder, which the environment variable VISAVIS_DATA moves)",
    )
    add(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help="where the model runs (default: auto)",
    )
    add(
        "--dtype",
        choices=("auto", "float32", "bfloat16", "int8", "int4"),
        default="auto",
        help="number format of the model's weights (default: auto: int8 on a CPU, bfloat16 on a GPU)",
    )
    add(
        "--allow-urls",
        action="store_true",
        help="fetch a picture from the web when a line of a message is its address, never from this "
        "computer's own network (default: nothing is fetched)",
    )
    add("--threads", type=int, metavar="N", help="CPU threads for the model (default: one a core)")
    add(
        "--open",
        action=argparse.BooleanOptionalAction,
        default=_has_screen(),
        help="open the page in a browser (default: if there is a screen)",
    )
    add("--version", action="version", version=f"Vis-à-Vis {_version()}")
    return made


def run(options: argparse.Namespace, closing: ExitStack) -> None:
    """Put the parts together and serve; what has to be closed in the end goes on `closing`.

    Raises VisavisError if a part cannot be had, KeyboardInterrupt when told to stop.
    """
    listener = closing.enter_context(listen(options.host, options.port))
    manager = assemble(options, closing)
    _say("Preparing the page.")
    # Imported this late because it loads the web framework, which takes seconds.
    from ui.server import PageServer

    if not _is_loopback(listener):
        print(
            f"Warning: {options.host} is not only this computer. Whoever can reach the port can read "
            "and change all conversations; there is no log-in.",
            file=sys.stderr,
        )
    url = address(listener)
    PageServer(manager, ready=lambda: _announce(url, options.open)).run(sockets=[listener])


def assemble(options: argparse.Namespace, closing: ExitStack) -> DialogueManager:
    """Store, engine and dialogue manager, as the options say. Raises VisavisError."""
    from chat import DialogueManager, engines
    from chat.config import Settings, default_database
    from memory import Store

    settings = Settings(
        model=options.model,
        database=Path(options.database) if options.database else default_database(),
        device=options.device,
        dtype=options.dtype,
        threads=options.threads,
    )
    store = closing.enter_context(Store.open(settings.database))
    _say(f"Conversations are kept in {store.path}")
    engine = engines.load(
        settings.model,
        device=settings.device,
        dtype=settings.dtype,
        threads=settings.threads,
        progress=_say,
    )
    closing.callback(engines.close_all)
    manager = DialogueManager(store, engine, allow_urls=options.allow_urls)
    closing.callback(manager.close)
    return manager


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address: taken before anything slow, so that a port in use is told at once.

    Raises VisavisError if the address cannot be had.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise VisavisError(f"there is no address {host!r} here ({error}); check --host.") from error
    try:
        if os.name == "posix":
            # A port that a program has just left may be taken again; elsewhere this means something else.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise VisavisError(
                f"port {port} of {host} is in use, perhaps by another Vis-à-Vis; "
                "end that, or choose another with --port."
            ) from error
        raise VisavisError(f"cannot listen on {host}, port {port} ({error.strerror}).") from error
    return listener


def address(listener: socket.socket) -> str:
    """Where the page is, as a browser on this computer would be told."""
    host, port = listener.getsockname()[:2]
    ip = ipaddress.ip_address(host.partition("%")[0])
    if ip.is_unspecified:
        host = "127.0.0.1" if ip.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def _announce(url: str, browser: bool) -> None:
    _say(f"Vis-à-Vis is at {url}  (Ctrl-C ends it)")
    if browser:
        # In a thread, because some browsers only return when they are closed.
        Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _say(words: str) -> None:
    print(words, flush=True)


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 0 to 65535")
    return port


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())


def _version() -> str:
    try:
        return metadata.version("visavis")
    except metadata.PackageNotFoundError:
        return "(not installed: version unknown)"


if __name__ == "__main__":
    sys.exit(main())
