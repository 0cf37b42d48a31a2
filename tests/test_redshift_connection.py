"""How one enters a warehouse on Redshift: addresses, TLS, passwords, secrets, IAM, and what is said when it fails."""

from __future__ import annotations

import gc
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import boto3  # type: ignore[import-untyped]
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from sparkify.errors import UsageError, WarehouseError
from sparkify.warehouse.redshift_address import RedshiftAddress, parse_address
from tests import redshift_house
from tests.command import Result
from tests.conftest import examples
from tests.redshift_house import PASSWORD, Cluster, House

pytest_plugins = ("tests.engines",)

cluster = redshift_house.cluster

# Both are the driver's: it asks for TLS in an old way, and drops the socket of a connection that it does not get.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ssl.SSLContext:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

COUNT = ("sql", "select count(*) as n from songplays", "--format", "csv")
SERVERLESS = "wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com"
PROVISIONED = "main.abc123.eu-west-1.redshift.amazonaws.com"


@pytest.fixture(scope="module")
def loaded(cluster: Cluster) -> Iterator[House]:
    with cluster.house() as house:
        house.load()
        yield house


@pytest.fixture
def ask(loaded: House, tmp_path: Path) -> Iterator[Ask]:
    """Asks the warehouse something in this process, and never sees its password."""
    asked = Ask(loaded, tmp_path)
    yield asked
    loaded.standin.clear()
    gc.collect()
    for result in asked.results:
        assert PASSWORD not in result.out + result.err
        assert "Traceback" not in result.err


class Ask:
    def __init__(self, house: House, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self.results: list[Result] = []

    def __call__(self, warehouse: str, *arguments: str, **settings: str) -> Result:
        process = self.house.process(self.folder, warehouse=warehouse)
        self.results.append(process.inside(*(arguments or COUNT), **settings))
        return self.results[-1]

    def address(
        self,
        *,
        user: str = "sparkify@",
        host: str = "127.0.0.1",
        port: int | None = None,
        query: str = "?sslmode=disable",
    ) -> str:
        return f"redshift://{user}{host}:{port or self.house.standin.port}/{self.house.name}{query}"


# -- addresses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redshift://u@h/d", RedshiftAddress("h", 5439, "d", "u")),
        ("redshift://u@h:1234/d", RedshiftAddress("h", 1234, "d", "u")),
        ("redshift://u%40corp@h/my%20db", RedshiftAddress("h", 5439, "my db", "u@corp")),
        ("redshift://u@H.Example.COM/d", RedshiftAddress("h.example.com", 5439, "d", "u")),
        ("redshift://h/d?secret=arn:aws:x", RedshiftAddress("h", 5439, "d", secret="arn:aws:x")),
        ("redshift://h/d?auth=iam&workgroup=w", RedshiftAddress("h", 5439, "d", iam=True, workgroup="w")),
        ("redshift://u@h/d?auth=iam&cluster=c&region=eu-west-1",
         RedshiftAddress("h", 5439, "d", "u", iam=True, cluster="c", region="eu-west-1")),
        (f"redshift://{SERVERLESS}/d?auth=iam",
         RedshiftAddress(SERVERLESS, 5439, "d", iam=True, workgroup="wg", region="eu-west-1")),
        (f"redshift://{PROVISIONED}/d?auth=iam",
         RedshiftAddress(PROVISIONED, 5439, "d", iam=True, cluster="main", region="eu-west-1")),
        ("redshift://u@h/d?sslmode=verify-ca", RedshiftAddress("h", 5439, "d", "u", tls="verify-ca")),
        ("redshift://u@localhost/d?sslmode=disable", RedshiftAddress("localhost", 5439, "d", "u", tls="disable")),
    ],
)  # fmt: skip
def test_addresses_are_understood(text: str, expected: RedshiftAddress) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("redshift://u:hunter2@h/d", "has a password in it"),
        ("redshift://u:@h/d", "has a password in it"),
        ("redshift://u:hun/ter2@h/d", "port"),
        ("redshift://u@h:99999/d", "port"),
        ("redshift://u@h:0x1/d", "port"),
        ("redshift://u@h", "is no address"),
        ("redshift://u@h/", "is no address"),
        ("redshift:///d", "is no address"),
        ("redshift://u@h/d/e", "is no address"),
        ("redshift://u@h/d#e", "is no address"),
        ("redshift://h/d", "names no user"),
        ("redshift://u@h/d?password=hunter2", "no option 'password'"),
        ("redshift://u@h/d?auth=hunter", "auth=…"),
        ("redshift://h/d?auth=iam", "workgroup=NAME or cluster=NAME"),
        ("redshift://h/d?auth=iam&secret=s&workgroup=w", "exclude each other"),
        ("redshift://u@h/d?sslmode=disable", "in the clear"),
        ("redshift://u@h/d?sslmode=prefer", "sslmode=…"),
        ("redshift://[::1/d", ""),
        ("redshift://u@h\N{FULLWIDTH SOLIDUS}x/d", ""),
    ],
)
def test_what_is_no_address_is_told_without_what_may_be_a_secret(text: str, words: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_address(text)
    assert words in str(told.value)
    assert "hunter2" not in str(told.value)


pieces = st.sampled_from(
    ["u", "h", "/", "d", "@", ":", "?", "#", "&", "=", "%", "%40", "%00", "[", "]", "::1", "\N{SNOWMAN}", "5439", "auth=iam",
     "secret=x", "sslmode=disable", "workgroup=w", "localhost", SERVERLESS, PROVISIONED, " ", "\n", "\0", "\u2100"]
)  # fmt: skip


@examples(400)
@given(st.lists(pieces | st.text(max_size=4), max_size=12).map("".join))
@example("[")
def test_any_text_is_an_address_or_is_refused(rest: str) -> None:
    try:
        address = parse_address(f"redshift://{rest}")
    except UsageError:
        return
    assert address.host
    assert address.database
    assert 1 <= address.port <= 65535
    assert address.user or address.iam or address.secret


@examples(400)
@given(
    st.lists(pieces | st.text(max_size=4), max_size=4).map("".join),
    st.lists(pieces | st.text(max_size=4), max_size=4).map("".join),
    st.sampled_from(["h/d", "h:1/d", "h:x/d", "h", "h/d?sslmode=disable", "h/d/e", "h/d?what=ever", "[h/d"]),
)
def test_a_password_in_an_address_is_refused_and_never_shown(before: str, after: str, rest: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_address(f"redshift://u:{before}hunter2{after}@{rest}")
    assert "hunter2" not in str(told.value)


def test_credentials_do_not_show_themselves(loaded: House) -> None:
    from sparkify.warehouse.redshift_address import credentials

    entered = credentials(parse_address(loaded.address), PASSWORD)
    assert PASSWORD not in f"{entered!r} {entered}"
    assert PASSWORD not in repr(loaded.settings())


# -- TLS --------------------------------------------------------------------------------------------


def write_certificates(folder: Path) -> None:
    """A certificate authority, and what it says of `localhost`."""
    now = datetime.now(UTC)

    def builder(name: str, issuer: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
        return (
            x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        )  # fmt: skip

    root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = builder("Root", "Root", root.public_key()).add_extension(
        x509.BasicConstraints(True, None), critical=True
    )
    server = builder("localhost", "Root", key.public_key()).add_extension(
        x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]),
        critical=False,
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.sign(root, hashes.SHA256()).public_bytes(pem))
    (folder / "cert.pem").write_bytes(server.sign(root, hashes.SHA256()).public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


@pytest.fixture
def tls(cluster: Cluster, tmp_path: Path) -> Iterator[Path]:
    """The stand-in speaks TLS; the folder of its certificates."""
    write_certificates(tmp_path)
    cluster.standin.tls = (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    yield tmp_path
    cluster.standin.tls = None


@pytest.mark.usefixtures("tls")
@pytest.mark.parametrize("query", ["", "?sslmode=verify-ca"])
def test_a_server_that_nobody_vouches_for_is_not_entered(ask: Ask, query: str) -> None:
    message = ask(ask.address(host="localhost", query=query)).failed(2)
    assert "cannot be trusted" in message
    assert "certificate" in message


def test_a_server_whose_authority_is_known_is_entered(ask: Ask, tls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls / "ca.pem"))
    assert ask(ask.address(host="localhost", query="")).ok().out.startswith("n\n")


def test_a_server_of_another_name_is_not_entered(ask: Ask, tls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls / "ca.pem"))
    message = ask(ask.address(query="")).failed(2)
    assert "cannot be trusted" in message
    assert "check the host name" in message
    # Asked to, it is not held against the name.
    ask(ask.address(query="?sslmode=verify-ca")).ok()


def test_a_server_without_tls_is_not_entered(ask: Ask) -> None:
    result = ask(ask.address(query=""))
    assert result.exit_code in (1, 2)
    assert result.failed(result.exit_code)
    assert ask.house.statements() == []


# -- who may enter ----------------------------------------------------------------------------------


def test_a_password_comes_from_the_environment(ask: Ask) -> None:
    ask(ask.address()).ok()
    assert "SPARKIFY_REDSHIFT_PASSWORD" in ask(ask.address(), redshift_password="").failed(2)


def test_a_password_in_the_address_is_refused(ask: Ask) -> None:
    message = ask(ask.address(user=f"sparkify:{PASSWORD}@")).failed(2)
    assert "SPARKIFY_REDSHIFT_PASSWORD" in message


@pytest.mark.parametrize(
    ("query", "user"), [("?sslmode=disable", "sparkify@"), ("?sslmode=disable", "nobody@")], ids=["password", "user"]
)
def test_a_wrong_user_or_password_is_refused(ask: Ask, query: str, user: str) -> None:
    wrong = {"redshift_password": "wr0ng"} if user == "sparkify@" else {}
    message = ask(ask.address(user=user, query=query), **wrong).failed(2)
    assert "may not enter" in message
    assert "wr0ng" not in message


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """moto, for Secrets Manager and Redshift; its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def secrets(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", aws)
    monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT", aws)
    client = boto3.client("secretsmanager", region_name="us-east-1")
    known = {
        "whole": json.dumps({"username": "sparkify", "password": PASSWORD, "engine": "redshift"}),
        "password-only": json.dumps({"password": PASSWORD}),
        "plain": PASSWORD,
        "list": json.dumps([PASSWORD]),
    }
    for name, content in known.items():
        client.create_secret(Name=name, SecretString=content)
    yield
    for name in known:
        client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(("user", "name"), [("", "whole"), ("sparkify@", "whole"), ("sparkify@", "password-only")])
def test_user_and_password_come_from_a_secret(ask: Ask, user: str, name: str) -> None:
    ask(ask.address(user=user, query=f"?sslmode=disable&secret={name}&region=us-east-1"), redshift_password="").ok()


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize("name", ["password-only", "plain", "list"])
def test_a_secret_of_another_kind_is_told(ask: Ask, name: str) -> None:
    message = ask(ask.address(user="", query=f"?sslmode=disable&secret={name}&region=us-east-1")).failed(2)
    assert "no JSON object with username and password" in message


@pytest.mark.usefixtures("secrets")
def test_a_secret_that_is_not_there_is_told(ask: Ask) -> None:
    message = ask(ask.address(user="", query="?sslmode=disable&secret=nothing&region=us-east-1")).failed(2)
    assert "ResourceNotFoundException" in message


@pytest.mark.usefixtures("secrets")
def test_credentials_of_a_cluster_as_moto_gives_them_are_those_that_are_used(ask: Ask) -> None:
    """moto makes up a password that the stand-in does not know: what is shown is who knocked."""
    client = boto3.client("redshift", region_name="us-east-1")
    client.create_cluster(
        ClusterIdentifier="main", NodeType="ra3.large", MasterUsername="a", MasterUserPassword="Abcdefg1"
    )
    query = "?sslmode=disable&auth=iam&region=us-east-1&cluster="
    assert "IAM:sparkify may not enter" in ask(ask.address(query=f"{query}main")).failed(2)
    assert "ClusterNotFound" in ask(ask.address(query=f"{query}other")).failed(2)


@dataclass
class Iam:
    """Redshift's own part of AWS, which gives out temporary credentials; moto has not all of it."""

    endpoint: str = ""
    asked: list[str] = None  # type: ignore[assignment]
    refuse: bool = False


@contextmanager
def iam_server() -> Iterator[Iam]:
    iam = Iam(asked=[])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            target = self.headers.get("X-Amz-Target", "")
            iam.asked.append(f"{target} {body}")
            kind = "application/x-amz-json-1.1" if target else "text/xml"
            if iam.refuse:
                answer = json.dumps({"__type": "AccessDeniedException", "message": "not you"})
            elif target:
                answer = json.dumps({"dbUser": "sparkify", "dbPassword": PASSWORD, "expiration": 1.9e9})
            else:
                [action] = parse_qs(body)["Action"]
                answer = (
                    f"<{action}Response><{action}Result><DbUser>sparkify</DbUser><DbPassword>{PASSWORD}</DbPassword>"
                    f"</{action}Result></{action}Response>"
                )
            data = answer.encode()
            self.send_response(400 if iam.refuse else 200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        iam.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        yield iam
        server.shutdown()


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch) -> Iterator[Iam]:
    with iam_server() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", server.endpoint)
        monkeypatch.setenv("AWS_ENDPOINT_URL_REDSHIFT", server.endpoint)
        yield server


@pytest.mark.parametrize(
    ("user", "query", "call"),
    [
        ("", "workgroup=wg1", "GetCredentials"),
        ("", "cluster=main", "GetClusterCredentialsWithIAM"),
        ("sparkify@", "cluster=main", "GetClusterCredentials&"),
    ],
)
def test_temporary_credentials_come_from_iam(ask: Ask, iam: Iam, user: str, query: str, call: str) -> None:
    ask(ask.address(user=user, query=f"?sslmode=disable&auth=iam&region=eu-west-1&{query}"), redshift_password="").ok()
    [asked] = iam.asked
    assert call in asked.replace(" ", "&", 1) or call in asked
    assert ask.house.name in asked
    assert ("wg1" if "workgroup" in query else "main") in asked


def test_a_refusal_of_iam_names_the_permission(ask: Ask, iam: Iam) -> None:
    iam.refuse = True
    message = ask(ask.address(user="", query="?sslmode=disable&auth=iam&region=eu-west-1&workgroup=wg1")).failed(2)
    assert "allow redshift-serverless:GetCredentials" in message


def test_iam_without_a_region_is_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    message = ask(ask.address(user="", query="?sslmode=disable&auth=iam&workgroup=wg1")).failed(2)
    assert "region" in message


# -- what does not answer ---------------------------------------------------------------------------


def test_an_unknown_database_is_told(ask: Ask) -> None:
    address = f"redshift://sparkify@127.0.0.1:{ask.house.standin.port}/nothing?sslmode=disable"
    assert "there is no such database" in ask(address).failed(2)


def test_a_closed_port_is_told(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "cannot be reached" in ask(ask.address(port=port), retry="0").failed(1)


def test_a_name_that_nobody_has_is_told(ask: Ask) -> None:
    assert "check host" in ask("redshift://sparkify@nobody.invalid/dev", retry="0").failed(1)


def test_a_host_that_does_not_answer_is_given_up(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        began = time.monotonic()
        message = ask(ask.address(port=listener.getsockname()[1]), connect_timeout="1", retry="0").failed(1)
    assert 0.9 < time.monotonic() - began < 5
    assert "no connection within 1 s" in message
    assert "security group" in message


def test_a_load_on_a_wrong_address_does_not_wait(ask: Ask) -> None:
    began = time.monotonic()
    assert "may not enter" in ask(ask.address(), "etl", redshift_password="wr0ng").error
    assert time.monotonic() - began < 5


def test_a_statement_that_takes_too_long_is_cancelled(ask: Ask) -> None:
    with ask.house.holding("songplays", "access exclusive"):
        message = ask(ask.address(), statement_timeout="0.3").failed(1)
    assert "took too long" in message
    assert "SPARKIFY_STATEMENT_TIMEOUT" in message
    ask(ask.address(), statement_timeout="0.3").ok()


def test_a_question_that_takes_too_long_is_ended(ask: Ask) -> None:
    endless = f"select count(*) from {', '.join(f'songplays as s{number}' for number in range(9))}"
    began = time.monotonic()
    message = ask(ask.address(), "sql", endless, timeout="0.3").failed(1)
    assert time.monotonic() - began < 10
    assert "longer than 0.3 s" in message
    assert "SPARKIFY_TIMEOUT" in message
    with ask.house.open(timeout=0.3) as (warehouse, _):  # of questions alone, and of no other statement
        with pytest.raises(WarehouseError, match="SPARKIFY_TIMEOUT"):
            warehouse.ask(endless)
        assert warehouse.ask("select 1 as one").rows == [(1,)]
        assert warehouse.query("show statement_timeout") == [("0",)]


def test_a_session_runs_in_utc_whatever_the_user_is_set_to(ask: Ask, cluster: Cluster) -> None:
    cluster._administer(f"alter role {cluster.standin.user} set timezone to 'America/New_York'")
    try:
        with ask.house.open() as (warehouse, _):
            assert warehouse.query("show timezone") == [("UTC",)]
            [(noon,)] = warehouse.ask("select timestamptz '2018-11-01 12:00:00+00' as noon").rows
            assert noon == datetime(2018, 11, 1, 12, tzinfo=UTC)
            zone = warehouse.ask("select cast(timestamptz '2018-11-01 12:00:00+00' as varchar) as noon").rows
            assert zone == [("2018-11-01 12:00:00+00",)]
    finally:
        cluster._administer(f"alter role {cluster.standin.user} reset timezone")


def test_the_limit_of_a_statement_holds_for_loads_too(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.house() as house:
        house.load(skip=["*"])
        with house.holding("songplays"):
            result = house.process(tmp_path, statement_timeout="0.4").inside("etl")
        assert result.exit_code == 1
        assert "took too long" in result.error
        assert house.runs()[-1] == "failed"
        house.load()
        assert house.violations() == []


# -- what a load needs ------------------------------------------------------------------------------


def test_a_privilege_that_is_missing_is_told(cluster: Cluster, tmp_path: Path) -> None:
    with cluster.house() as house:
        house.ask(f"alter database {house.name} owner to postgres")
        result = house.process(tmp_path).inside("etl")
        assert "not allowed" in result.failed(1)
        assert "grant" in result.error
        assert house.state() == {}


def test_a_load_without_a_staging_prefix_is_told(ask: Ask) -> None:
    assert "give --staging s3://bucket/prefix/" in ask(ask.address(), "etl", staging="").failed(2)


@pytest.mark.parametrize("place", ["stage", "/stage/x", "s3://stage", "https://stage/x"])
def test_a_staging_prefix_that_is_none_is_told(ask: Ask, place: str) -> None:
    assert "write it like s3://bucket/staging/" in ask(ask.address(), "etl", "--staging", place).failed(2)


def test_a_staging_bucket_that_is_not_there_is_told(ask: Ask) -> None:
    ask.house.standin.clear()
    message = ask(ask.address(), "etl", "--staging", "s3://nowhere/x", retry="1").failed(2)
    assert "--staging" in message
    assert "nowhere" in message
    assert not [each for each in ask.house.statements() if "lock" in each.sql]


def test_the_role_is_the_one_of_the_setting(cluster: Cluster, tmp_path: Path) -> None:
    role = "arn:aws:iam::123456789012:role/path/reader"
    with cluster.house() as house:
        house.process(tmp_path).inside("etl", "--copy-role", role).ok()
        copies = [each.sql for each in house.statements() if each.sql.startswith("copy ")]
        assert len(copies) >= 4
        assert all(f"iam_role '{role}'" in sql for sql in copies)


@pytest.mark.parametrize("role", ["", "me", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:role/x' manifest --"])
def test_a_role_that_is_none_is_told(ask: Ask, role: str) -> None:
    assert "--copy-role" in ask(ask.address(), "etl", "--copy-role", role).failed(2)
