"""The dashboard's server: who may look, and how it starts and ends."""

from __future__ import annotations

import http.client
import signal
import socket
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests import dashboard_house
from tests.command import finish, inside, start, start_python
from tests.dashboard_house import (
    Server,
    free_port,
    has_ipv6,
)

server = dashboard_house.server


def test_a_foreign_host_is_refused(server: Server) -> None:
    asked = urllib.request.Request(server.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(asked, timeout=10)
    assert refused.value.code == 400
    refused.value.close()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None, "http://127.0.0.1:1"])
def test_a_socket_of_a_foreign_page_is_refused(server: Server, origin: str | None) -> None:
    stream = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    with (
        pytest.raises(InvalidStatus, match="403"),
        connect(stream, additional_headers={"Origin": origin} if origin else {}, proxy=None),
    ):
        pass
    with connect(stream, additional_headers={"Origin": f"http://127.0.0.1:{server.port}"}, proxy=None):
        pass


@pytest.mark.parametrize(
    ("host", "welcome", "refused"),
    [("0.0.0.0", ["127.0.0.1", "10.1.2.3"], ["evil.example", "127.0.0.1.evil.example", ""]), ("::1", ["[::1]"], ["x"])],
)
def test_where_others_may_enter_a_foreign_name_may_not(
    server: Server, host: str, welcome: list[str], refused: list[str]
) -> None:
    """A foreign name that leads here is how a page in a browser reads what it may not; an address cannot do that."""
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    port = free_port()
    process = start(server.folder, "dashboard", "--no-open", "--port", str(port), "--host", host)
    assert process.stdout is not None
    process.stdout.readline()
    for name in (*welcome, *refused):
        connection = http.client.HTTPConnection("::1" if ":" in host else "127.0.0.1", port, timeout=10)
        connection.putrequest("GET", "/", skip_host=True)
        connection.putheader("Host", f"{name}:{port}")
        connection.endheaders()
        assert connection.getresponse().status == (200 if name in welcome else 400), name
        connection.close()
    process.send_signal(signal.SIGTERM)
    assert ("no login" in finish(process).err) is (host == "0.0.0.0")


def test_a_proxy_may_show_it_under_its_own_address_and_no_other(server: Server) -> None:
    port, public = free_port(), "https://plays.example.com"
    process = start(server.folder, "dashboard", "--no-open", "--port", str(port), "--public-url", f"{public}/")
    assert process.stdout is not None
    assert f"http://127.0.0.1:{port} ({public} to others) shows" in process.stdout.readline()

    def comes_in(host: str, origin: str) -> bool:
        with (
            socket.create_connection(("127.0.0.1", port)) as proxy,
            suppress(InvalidStatus),
            connect(f"ws://{host}/_stcore/stream", sock=proxy, additional_headers={"Origin": origin}, proxy=None),
        ):
            return True
        return False

    ours = f"127.0.0.1:{port}"
    for host in ("plays.example.com", ours):  # as the proxy passes it on
        assert comes_in(host, public)
        for origin in ("http://plays.example.com", "https://evil.example", "https://plays.example.com:8443"):
            assert not comes_in(host, origin), (host, origin)
    assert comes_in(ours, f"http://{ours}")
    assert not comes_in("evil.example", public)
    process.send_signal(signal.SIGTERM)
    finish(process).ok()


@pytest.mark.parametrize("address", ["plays.example.com", "https://a b", "https://x/plays", "ftp://x", "https://"])
def test_a_public_address_that_cannot_be_is_told(server: Server, address: str) -> None:
    message = inside(server.folder, "dashboard", "--no-open", "--public-url", address).failed(2)
    assert f"--public-url {address}: give scheme and host" in message


def test_only_this_machine_is_listened_to(server: Server) -> None:
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    ]
    assert f"0100007F:{server.port:04X}" in listening
    assert f"00000000:{server.port:04X}" not in listening


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    message = finish(start(server.folder, "dashboard", "--no-open", "--port", str(server.port))).failed(2)
    assert f"--port {server.port}" in message


def test_without_a_warehouse_there_is_no_page(tmp_path: Path) -> None:
    assert "there is no warehouse" in finish(start(tmp_path, "dashboard", "--no-open")).failed(2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly(server: Server, number: signal.Signals) -> None:
    port = free_port()
    process = start(server.folder, "dashboard", "--no-open", "--port", str(port))
    assert process.stdout is not None
    process.stdout.readline()
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).close()
            break
        except OSError:
            assert time.monotonic() < deadline
    process.send_signal(number)
    result = finish(process)
    assert (result.exit_code, result.err) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_quietly_while_it_starts(server: Server, number: signal.Signals) -> None:
    code = (
        "import os, sys, sparkify.dashboard.launcher as it; from sparkify.cli_support import settings_for\n"
        f"it._listen = lambda *_: os.kill(os.getpid(), {int(number)})\n"
        "it.serve(settings_for(), port=1, open_browser=False)"
    )
    result = finish(start_python(server.folder, "-c", code))
    assert (result.exit_code, result.err) == (0, "")
