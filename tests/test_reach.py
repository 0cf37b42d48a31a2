"""How a store is reached: certificates, profiles, ways to name a bucket, other clouds and their emulators."""

from __future__ import annotations

import http.server
import json
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sparkify.errors import SourceError, SparkifyError, UsageError
from sparkify.source.access import Access, Link
from sparkify.source.storage import Storage
from tests.command import ask, event, inside, sparkify, write_json
from tests.objects import ObjectServer

BRIEF = Access(retry=2.0, stall=10.0)
KEY = "c2VjcmV0IGtleSBvZiB0aGlzIHRlc3Q="


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine is configured for does not count."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "GOOGLE_", "AZURE_", "STORAGE_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")


@pytest.fixture(scope="module")
def running() -> Iterator[ObjectServer]:
    with ObjectServer(buckets=["bucket"]) as server:
        server.put("bucket", "log_data/a.json", b"{}")
        yield server


@pytest.fixture
def server(running: ObjectServer) -> ObjectServer:
    """The object server, as S3 is."""
    running.set(require=None, listing="", faults=[])
    running.reset()
    return running


# -- certificates ---------------------------------------------------------------------------------------

Signed = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(path: Path, names: list[str], by: Signed | None = None, *, days: tuple[int, int] = (-2, 30)) -> Signed:
    """A certificate and its key in a file: for names, signed by another or by itself, valid from day to day."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, path.stem)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days[0]))
        .not_valid_after(now + timedelta(days[1]))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if names:
        alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternative, critical=False)
    made = builder.sign(by[1] if by else key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.with_suffix(".key").write_bytes(secret)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made, key


class Relay(http.server.BaseHTTPRequestHandler):
    """Hands every request on to the object server."""

    protocol_version = "HTTP/1.1"
    port = 0
    hosts: list[str]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _hand_on(self) -> None:
        import http.client

        self.hosts.append(self.headers["Host"])
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        there = http.client.HTTPConnection("127.0.0.1", self.port)
        there.request(self.command, self.path, body, dict(self.headers))
        answer = there.getresponse()
        data = answer.read()
        there.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() != "connection":
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _hand_on  # noqa: N815 - as the server calls them


@contextmanager
def relay(server: ObjectServer, certified: Path | None = None) -> Iterator[tuple[int, list[str]]]:
    """The object server behind a relay, with a certificate or without; its port, and the hosts that were asked for."""
    handler = type("Here", (Relay,), {"port": server.port, "hosts": []})
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    listener.handle_error = lambda *_: None  # type: ignore[method-assign] # clients that do not like the certificate
    if certified is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certified, certified.with_suffix(".key"))
        listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield listener.server_port, handler.hosts  # type: ignore[attr-defined]
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def test_what_is_wrong_with_a_certificate_is_told_apart(
    server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = certificate(tmp_path / "ca.pem", [])
    certificate(tmp_path / "good.pem", ["localhost"], authority)
    certificate(tmp_path / "old.pem", ["localhost"], authority, days=(-9, -2))
    certificate(tmp_path / "early.pem", ["localhost"], authority, days=(2, 9))
    certificate(tmp_path / "elsewhere.pem", ["other.example"], authority)
    certificate(tmp_path / "self.pem", ["localhost"])
    certificate(tmp_path / "self-old.pem", ["localhost"], days=(-9, -2))
    certificate(tmp_path / "self-elsewhere.pem", ["other.example"])
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for name, bundle, said in [
        ("good", "", "is not signed by an authority that this machine knows; set AWS_CA_BUNDLE to the file"),
        ("good", "ca", ""),
        ("old", "ca", "has expired; have it renewed"),
        ("early", "ca", "is not valid yet; check the clock"),
        ("elsewhere", "ca", "is for another host name (other.example); address the store by a name"),
        ("self", "", "is self-signed; set AWS_CA_BUNDLE to its file"),
        ("self", "self", ""),
        ("self-old", "self-old", "has expired"),
        ("self-elsewhere", "self-elsewhere", "is for another host name (other.example)"),
    ]:
        with relay(server, tmp_path / f"{name}.pem") as (port, _):
            monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://localhost:{port}")
            monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / f"{bundle}.pem") if bundle else "")
            storage = Storage("s3://bucket", BRIEF)
            if not said:
                everything(storage)
                continue
            with pytest.raises(UsageError) as caught:
                storage.check("log_data", "--log-data")
            assert str(caught.value).startswith(f"--log-data s3://bucket/log_data: the store's certificate {said}"), (
                name
            )
            storage.close()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one.pem").write_bytes((tmp_path / "ca.pem").read_bytes())
    with relay(server, tmp_path / "good.pem") as (port, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://localhost:{port}")
        monkeypatch.setenv("AWS_CA_BUNDLE", "")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "folder"))
        everything(Storage("s3://bucket", BRIEF))
    with relay(server) as (port, _):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{port}")
        with pytest.raises(UsageError, match=r"the server does not answer in TLS; does its address begin with http://"):
            Storage("s3://bucket", BRIEF).check("log_data", "--log-data")


def everything(storage: Storage) -> None:
    """All that can be done with a bucket, by whichever library."""
    assert storage.check("log_data", "--log-data")
    assert [each.key for page in storage.pages("log_data") for each in page] == ["log_data/a.json"]
    assert storage.folders("")[0] == ["log_data"]
    assert bytes(storage.read("log_data/a.json", start=1, end=2)) == b"}"
    assert storage.look("log_data/a.json") is not None
    storage.write("w/a", b"1", only_new=True)
    with pytest.raises(FileExistsError):
        storage.write("w/a", b"2", only_new=True)
    storage.delete(["w/a", "w/none"])
    with pytest.raises(FileNotFoundError):
        storage.read("w/a")
    storage.close()


# -- profiles -------------------------------------------------------------------------------------------


def test_a_profile_that_asks_for_a_code_where_nobody_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(
        "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n[profile lab]\nsource_profile = base\n"
        "role_arn = arn:aws:iam::123456789012:role/x\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    said = sparkify(tmp_path, "etl", "--log-data", "s3://bucket/log_data").failed(2)
    assert said.startswith(
        "profile lab (AWS_PROFILE): asks for the code of an MFA device (mfa_serial), and there is no"
    )


def test_which_setting_is_wrong_is_named(server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    def says(text: str, profile: str = "lab", **variables: str) -> str:
        config.write_text(text)
        with monkeypatch.context() as here:
            for name, value in {"AWS_PROFILE": profile, **variables}.items():
                here.setenv(name, value)
            with pytest.raises(SparkifyError) as caught:
                Storage("s3://bucket", BRIEF).check("", "--log-data")
        return str(caught.value)

    lab = "[profile lab]\naws_access_key_id = a\naws_secret_access_key = b\n"
    there = f"endpoint_url = {server.endpoint}\n"
    server.set(require="somebody")
    assert says(lab, "nobody") == "AWS_PROFILE nobody: no such profile; see aws configure list-profiles"
    assert says("[profile lab\n").startswith(f"{config}: is not a valid AWS configuration file")
    assert "aws_secret_access_key is missing in profile lab (AWS_PROFILE)" in says(
        "[profile lab]\naws_access_key_id = a"
    )
    assert says(lab + "endpoint_url = nonsense").startswith(
        "endpoint_url of profile lab (AWS_PROFILE): is not the addre"
    )
    assert says(lab + there, AWS_ENDPOINT_URL_S3="x").startswith("AWS_ENDPOINT_URL_S3: is not the address of a server")
    assert says(lab + there).endswith("the store does not know the access key; check profile lab (AWS_PROFILE)")
    given = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": server.endpoint}
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match="access key; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        Storage("s3://bucket", BRIEF).check("", "--log-data")
    server.set(require=None)
    monkeypatch.setenv("AWS_SERVER_SIDE_ENCRYPTION", "sse-c")
    monkeypatch.setenv("AWS_SSE_CUSTOMER_KEY_BASE64", "%%")
    with pytest.raises(UsageError, match="cannot be set up; AWS_SSE_CUSTOMER_KEY_BASE64 is not a key in base64"):
        Storage("s3://bucket", BRIEF).check("", "--log-data")


def test_the_bucket_may_be_a_part_of_the_host(
    server: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\ns3 =\n    addressing_style = virtual\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    server.put("localhost", "unused", b"")
    with relay(server) as (port, hosts):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://localhost:{port}")
        with pytest.raises(SparkifyError):  # the object server finds no bucket in the path
            Storage("s3://bucket", Access(retry=0)).check("log_data", "--log-data")
        assert set(hosts) <= {f"bucket.localhost:{port}"}
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    config: Any = Link("s3://bucket", Access(anonymous=True)).store()[1].config  # type: ignore[union-attr]
    assert config["endpoint"] == "https://bucket.s3.us-east-1.amazonaws.com"
    (tmp_path / "config").write_text("[default]\ns3 =\n    addressing_style = path\n")
    config = Link("s3://bucket", Access(anonymous=True)).store()[1].config  # type: ignore[union-attr]
    assert config["endpoint"] == "https://s3.us-east-1.amazonaws.com"


@pytest.mark.parametrize("arn", ["arn:aws:s3:eu-west-1:123456789012:accesspoint/ap", "arn:aws-cn:s3:::bucket"])
def test_an_arn_is_answered_with_the_alias(arn: str, tmp_path: Path) -> None:
    for location in (f"s3://{arn}/log_data", arn):
        said = inside(tmp_path, "etl", "--log-data", location).failed(2)
        assert said.startswith(f"{location}: the ARN of an access point is not understood; give its alias")


def test_whoever_asks_pays(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REQUEST_PAYER", "requester")
    client = Link("s3://bucket", BRIEF).client()[1]
    sent: list[dict[str, Any]] = []
    client.meta.events.register("before-send.s3", lambda request, **_: sent.append(dict(request.headers)))
    client.list_objects_v2(Bucket="bucket")
    client.close()
    assert sent[0]["x-amz-request-payer"] in (b"requester", "requester")


# -- other clouds ---------------------------------------------------------------------------------------


def config_of(address: str) -> dict[str, Any]:
    return dict(Link(address, Access()).store()[1].config)  # type: ignore[union-attr]


def test_the_connection_string_of_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    def given(text: str) -> None:
        monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", text)

    given(f"DefaultEndpointsProtocol=https;AccountName=lake;AccountKey={KEY};EndpointSuffix=core.chinacloudapi.cn")
    config = config_of("az://logs/a")
    assert (config["account_name"], config["account_key"]) == ("lake", KEY)
    assert config["endpoint"] == "https://lake.blob.core.chinacloudapi.cn"
    assert config_of("abfss://logs@lake.dfs.core.windows.net/a")["account_name"] == "lake"
    with pytest.raises(UsageError, match="is for account lake, and the address names other"):
        config_of("abfss://logs@other.dfs.core.windows.net/a")
    given("BlobEndpoint=http://127.0.0.1:10000/here;SharedAccessSignature=?sv=1&sig=x;AccountName=here")
    assert config_of("az://logs")["endpoint"] == "http://127.0.0.1:10000/here"
    given("UseDevelopmentStorage=true")
    assert config_of("az://logs")["account_name"] == "devstoreaccount1"
    given("AccountKey=abc")
    with pytest.raises(UsageError, match="AZURE_STORAGE_CONNECTION_STRING: has no AccountName"):
        config_of("az://logs")
    given("AccountName=lake;AccountKey=no key")
    with pytest.raises(UsageError, match=r"AZURE_STORAGE_ACCOUNT_KEY .* is not a key") as caught:
        config_of("az://logs")
    assert "no key" not in str(caught.value)
    given("")
    with pytest.raises(UsageError, match="AZURE_STORAGE_ACCOUNT_NAME is missing"):
        config_of("az://logs")


def test_the_emulator_of_google(server: ObjectServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The listing of Google's XML interface is that of S3, so the object server can stand in; it ignores start-after."""
    for number in range(2500):
        write_json(tmp_path / "lay" / "log_data" / f"{number % 20:02}" / f"{number}.json", [event(sessionId=number)])
    server.put_folder("gcs", tmp_path / "lay")
    server.set(listing="shuffled")
    server.faults({"kind": "slowdown", "op": "LIST", "skip": 1, "times": 3, "per_key": False})
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"127.0.0.1:{server.port}")
    storage = Storage("gs://gcs", BRIEF)
    assert len({each.key for page in storage.pages("log_data") for each in page}) == 2500
    assert server.stats()["faults"] == {"slowdown": 3}
    assert storage.check("log_data", "--log-data")
    inside(tmp_path, "etl", "--log-data", "gs://gcs/log_data/00").ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(125,)]
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://127.0.0.1:{server.port}/")
    assert Storage("gs://gcs", BRIEF).check("log_data", "--log-data")


def test_one_file_of_a_web_server_that_cannot_be_listed(server: ObjectServer, tmp_path: Path) -> None:
    server.put("bucket", "web/a.json", json.dumps(event()))
    address = f"{server.endpoint}/bucket/web"
    inside(tmp_path, "etl", "--log-data", f"{address}/a.json").ok()
    assert inside(tmp_path, "etl", "--log-data", f"{address}/a.json").ok().out.startswith("nothing new")
    assert ask(tmp_path, "select url from etl_files") == [(f"{address}/a.json",)]
    assert "over http(s) that takes WebDAV" in inside(tmp_path, "etl", "--log-data", address).failed(2)


def test_a_google_that_never_comes_further_is_given_up(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.make("stuck")
    for number in range(1500):
        server.put("stuck", f"log_data/{number:04}.json", b"{}")
    monkeypatch.setenv("GOOGLE_BASE_URL", server.endpoint)
    # The second page fails always, whatever it is asked by.
    server.faults({"kind": "slowdown", "op": "LIST", "skip": 1, "times": None, "per_key": False})
    with pytest.raises(SourceError, match="503 SlowDown, tried"):
        list(Storage("gs://stuck", Access(anonymous=True, retry=2.0)).pages("log_data"))
