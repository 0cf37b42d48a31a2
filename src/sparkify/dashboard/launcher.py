"""Starts the page's server: on this machine only, with nothing sent elsewhere, and no foreign page let in.

Streamlit is set up here and served by uvicorn, so that neither a configuration file of the user nor a default of
Streamlit (which listens everywhere and reports usage) decides.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ipaddress
import re
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sparkify.errors import UsageError
from sparkify.stopping import stoppable
from sparkify.terminal import say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence

    import uvicorn

    from sparkify.config import Settings

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PACKAGES = ("streamlit", "altair", "vl_convert", "uvicorn", "starlette")

_OPTIONS: Mapping[str, object] = {
    "server.headless": True,
    "server.fileWatcherType": "none",
    "server.enableCORS": True,  # protection against other origins is on
    "server.enableXsrfProtection": True,
    "server.xsrfCookieSameSite": "strict",
    "server.maxUploadSize": 1,
    "server.disconnectedSessionTTL": 60,
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "global.disableWidgetStateDuplicationWarning": True,  # a range follows what is loaded, see `filters._follow`
    "theme.light.primaryColor": "#1f5fa8",
    "theme.dark.primaryColor": "#56b4e9",
}


def serve(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int = 8501,
    open_browser: bool = False,
    public_url: str | None = None,
) -> None:
    """Serve the page until Ctrl-C or SIGTERM; `public_url` is where a proxy shows it to others.

    Raises UsageError when packages are missing, the port is in use, or an address cannot be.
    """
    public = None if public_url is None else _origin(public_url)
    # Also while it starts: whoever ends it wants no complaint.
    with stoppable(outlives_terminal=False), contextlib.suppress(KeyboardInterrupt):
        for package in _PACKAGES:
            try:
                import_module(package)
            except ImportError as error:
                raise UsageError(
                    f"the dashboard needs the package {package}, which is not installed: "
                    "pip install 'sparkify[dashboard]'"
                ) from error
        with _listen(host, port) as listening:
            _serve(settings, host, port, listening, open_browser=open_browser, public=public)


def _origin(url: str) -> str:
    """The origin of an address as browsers tell it; raises UsageError for one that has more to it."""
    match = re.fullmatch(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?/?", url.lower())
    if match is None:
        raise UsageError(f"--public-url {url}: give scheme and host, and no path, such as https://plays.example.com")
    scheme, name, port = match.groups()
    usual = port is None or (scheme, port) in (("https", "443"), ("http", "80"))
    return f"{scheme}://{name}" if usual else f"{scheme}://{name}:{port}"


def _serve(
    settings: Settings, host: str, port: int, listening: socket.socket, *, open_browser: bool, public: str | None
) -> None:
    import uvicorn
    from altair.utils import schemapi

    from sparkify.dashboard import page  # here, so that the first visitor does not wait for it
    from sparkify.dashboard.reader import Reader, serve_by

    # Altair would hold every row of a chart against its schema, ten times as long as it takes to draw it.
    schemapi.disable_debug_mode()
    reader = Reader(settings)
    serve_by(reader)
    threading.Thread(target=page.warm, args=[reader], name="warm", daemon=True).start()
    server = uvicorn.Server(
        uvicorn.Config(
            _app(host, port, public),
            host=host,
            port=port,
            server_header=False,
            log_level="error",
            ws_max_size=1 << 20,
            timeout_graceful_shutdown=1,
        )
    )
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if host not in LOOPBACK:
        sys.stderr.write(f"warning: {host} can be reached by others, and the page has no login: they see all of it\n")
    say(f"{address}{f' ({public} to others)' if public else ''} shows {reader.url}; Ctrl-C ends it")
    sys.stdout.flush()
    if open_browser:
        import webbrowser

        threading.Timer(0.5, webbrowser.open, [address]).start()
    with _ending(server):
        server.run(sockets=[listening])
    reader.close()


@contextlib.contextmanager
def _ending(server: uvicorn.Server) -> Iterator[None]:
    """Let signals end the server, and no more: uvicorn raises what it caught once again, for those who came before."""

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    """A socket at the address; raises UsageError when it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)  # whoever comes from now on waits until the page is there
    except OSError as error:
        listening.close()
        raise UsageError(f"--host {host} --port {port}: cannot be had ({error.strerror}); name another") from error
    return listening


# -- the application --------------------------------------------------------------------------------


def _app(host: str, port: int, public: str | None) -> Any:
    import streamlit as st
    from starlette.middleware import Middleware
    from streamlit import config

    hosts = [*LOOPBACK, host]
    options: dict[str, object] = {"server.address": host, "server.port": port}
    # Streamlit's own check takes no pattern for addresses; ours comes before it.
    allowed = [] if _is_every(host) else [*hosts]
    if public is not None:
        name = urlsplit(public).hostname or ""
        allowed += [name] if allowed else []
        # Named as the server's own address: of any other origin Streamlit asks a host in the internet who it is.
        options |= {"browser.serverAddress": name, "server.corsAllowedOrigins": [public]}
    options["server.allowedHosts"] = allowed
    for name, value in {**_OPTIONS, **options}.items():
        config.set_option(name, value)
    return st.App(
        Path(__file__).with_name("app.py"),
        middleware=[
            Middleware(SecurityHeaders, policy=content_security_policy()),
            Middleware(OwnHost, hosts=hosts, addresses=_is_every(host), public=public),
        ],
    )


def _is_every(host: str) -> bool:
    """Whether it is every address of the machine."""
    return host in ("0.0.0.0", "::")  # noqa: S104 - asked for on the command line, and warned of


class OwnHost:
    """Refuses what was asked of another host, and closes WebSockets of pages that are not ours.

    A name of somebody else may lead to this machine (DNS rebinding), and a browser lets any page open a WebSocket.
    Before Streamlit sees them, because that asks a host in the internet for the machine's address to decide.
    """

    def __init__(self, app: Asgi, hosts: Sequence[str], *, addresses: bool, public: str | None) -> None:
        self._app = app
        self._hosts = {*hosts, *([socket.gethostname().lower()] if addresses else [])}
        self._addresses = addresses
        """Whether any address will do: one that is written as a number cannot be rebound."""
        self._public = public
        """The origin under which a proxy shows the page; it may pass on its own name as the host, or ours."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        host = headers.get(b"host", b"").decode("latin-1").lower()
        origins = self._origins(host)
        if scope["type"] == "http" and not origins:
            start = {"type": "http.response.start", "status": 400, "headers": [(b"content-type", b"text/plain")]}
            await send(start)
            await send({"type": "http.response.body", "body": b"another host was asked for"})
        elif scope["type"] == "websocket" and headers.get(b"origin", b"").decode("latin-1").lower() not in origins:
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._app(scope, receive, send)

    def _origins(self, host: str) -> set[str]:
        """Of which origins pages may talk to this host; none where it is not ours."""
        public = set() if self._public is None else {self._public}
        if self._is_ours(host):
            return public | {f"http://{host}"}
        return public if self._public is not None and host == urlsplit(self._public).netloc else set()

    def _is_ours(self, host: str) -> bool:
        match = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d{1,5})?", host)
        if match is None:
            return False
        name = match.group(1).strip("[]")
        return name in self._hosts or (self._addresses and _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class SecurityHeaders:
    """What a browser is told about every page: run nothing but ours, and show it in no other page."""

    def __init__(self, app: Asgi, policy: str) -> None:
        self._app = app
        self._headers = [
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in self._headers}
                kept = [(name, value) for name, value in message["headers"] if name.lower() not in names]
                message["headers"] = [*kept, *self._headers]
            await send(message)

        await self._app(scope, receive, sent if scope["type"] == "http" else send)


def content_security_policy() -> str:
    """What the page may load: itself. Its one inline script is allowed by the hash of the one that is installed."""
    import streamlit

    index = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    inline = re.findall(r"<script>(.*?)</script>", index, re.DOTALL)
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in inline
    )
    return (
        f"default-src 'self'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "frame-ancestors 'none'; base-uri 'self'; form-action 'none'; object-src 'none'"
    )
