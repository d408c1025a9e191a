"""Who gets in: passwords, TLS and client certificates."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
import ipaddress
from pathlib import Path
import ssl

from aiohttp import ClientConnectionError, ClientSession, WSServerHandshakeError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
import pytest

from custom_components.sunfuse.central_system import (
    CentralSystem,
    CertificateAuthority,
    CommandError,
    StationConfig,
)
from custom_components.sunfuse.central_system.security.station_passwords import (
    credentials,
    new_password,
)
from custom_components.sunfuse.central_system.station_state import NewPassword

from ..certificates import write_certificate
from .client import RawStation
from .conftest import Connect

PASSWORD = "00112233445566778899aabbccddeeff00112233"
CP1 = StationConfig(identity="CP1", password=PASSWORD)


def _basic(name: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{password}'.encode('latin1')).decode()}"


def _headers(name: str, password: str) -> dict[str, str]:
    return {"Authorization": _basic(name, password)}


def test_new_password() -> None:
    """A password is fit for every version, and never the same."""
    password = new_password()
    assert 16 <= len(password) <= 40
    assert bytes.fromhex(password)
    assert new_password() != password
    assert PASSWORD not in repr(CP1)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (_basic("CP1", "secret"), ("CP1", b"secret")),
        (_basic("CP1", "a:b"), ("CP1", b"a:b")),
        (None, None),
        ("Bearer x", None),
        ("Basic ???", None),
        ("Basic bm9jb2xvbg==", None),
    ],
)
def test_credentials(header: str | None, expected: tuple[str, bytes] | None) -> None:
    """Name and password are read from the header, and rubbish is none."""
    assert credentials(header) == expected


@pytest.mark.parametrize(
    "password", [PASSWORD, bytes.fromhex(PASSWORD).decode("latin1")]
)
async def test_right_password(
    system: CentralSystem, connect: Connect, password: str
) -> None:
    """A charger with its password gets in, as text or as what the digits stand for."""
    system.accept(CP1)
    station = await connect(headers=_headers("CP1", password))
    assert (await station.boot())["status"] == "Accepted"


@pytest.mark.parametrize(
    "headers",
    [
        None,
        _headers("CP1", "wrong"),
        _headers("CP2", PASSWORD),
        _headers("CP1", ""),
    ],
)
async def test_wrong_password(
    system: CentralSystem,
    connect: Connect,
    headers: dict[str, str] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody connects as a charger without its password; the address is shown."""
    system.accept(CP1)
    with pytest.raises(WSServerHandshakeError, match="401"):
        await connect(headers=headers)
    state = system.stations["CP1"].state
    assert (state.connected, state.wrong_passwords) == (False, 1)
    assert state.wrong_password_from == "127.0.0.1"
    assert "127.0.0.1" in caplog.text
    assert PASSWORD not in caplog.text


async def test_password_replaces_a_living_connection(
    system: CentralSystem, connect: Connect
) -> None:
    """A newcomer that proves itself takes over at once."""
    system.accept(CP1)
    headers = _headers("CP1", PASSWORD)
    first = await connect(headers=headers)
    await first.boot()
    second = await connect(headers=headers)
    await first.wait_for(lambda: first.websocket.closed)
    await second.boot()
    await (await system.stations["CP1"].in_service()).reset(hard=False)
    assert second.received("Reset")
    assert not first.received("Reset")


async def test_password_is_changed(system: CentralSystem, connect: Connect) -> None:
    """A password is changed through OCPP; the former one counts until the new one was used."""
    system.accept(CP1)
    station = await connect(headers=_headers("CP1", PASSWORD))
    await station.boot()
    new = new_password()
    station.answers["ChangeConfiguration"] = {"status": "Rejected"}
    with pytest.raises(CommandError):
        await system.stations["CP1"].change_password(new)
    assert system.stations["CP1"].config.password == PASSWORD
    station.answers["ChangeConfiguration"] = {"status": "Accepted"}
    await system.stations["CP1"].change_password(new)
    assert {"key": "AuthorizationKey", "value": new} in station.received(
        "ChangeConfiguration"
    )
    await station.close()
    assert new not in str(system.stations["CP1"].diagnostics())
    await (await connect(headers=_headers("CP1", PASSWORD))).close()
    await (await connect(headers=_headers("CP1", new))).close()
    with pytest.raises(WSServerHandshakeError, match="401"):
        await connect(headers=_headers("CP1", PASSWORD))


class Authority:
    """Issues certificates."""

    def __init__(self, folder: Path) -> None:
        """Make a certificate authority that keeps its files in a folder."""
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "CA")])
        self.certificate = self._sign("CA", self._key, authority=True)
        (folder / "ca.pem").write_bytes(_pem(self.certificate))

    def _sign(
        self, name: str, key: ec.EllipticCurvePrivateKey, *, authority: bool = False
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(
                x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
            )
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
                ),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                critical=False,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                critical=False,
            )
            .add_extension(
                x509.KeyUsage(
                    digital_signature=True,
                    key_cert_sign=authority,
                    crl_sign=authority,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .sign(self._key, hashes.SHA256())
        )

    def issue(self, name: str) -> Path:
        """Return the file of a new certificate with its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        path = self.folder / f"{name}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + _pem(self._sign(name, key))
        )
        return path


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


async def test_tls_and_client_certificate(tmp_path: Path) -> None:
    """With profile 3 a charger gets in by its certificate, and only as itself."""
    authority = Authority(tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(authority.issue("localhost"))
    server.load_verify_locations(tmp_path / "ca.pem")
    server.verify_mode = ssl.CERT_OPTIONAL
    system = CentralSystem()
    system.accept(StationConfig(identity="CP1", client_certificate=True))
    system.accept(StationConfig(identity="CP2", password=PASSWORD))
    await system.start("127.0.0.1", 0, server)

    def client(name: str | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        if name:
            context.load_cert_chain(authority.issue(name))
        return context

    async def boots(
        name: str | None, path: str, headers: dict[str, str] | None = None
    ) -> str:
        websocket = await session.ws_connect(
            f"wss://127.0.0.1:{system.port}{path}",
            ssl=client(name),
            headers=headers,
            protocols=("ocpp1.6",),
        )
        station = RawStation(session, websocket)
        answer = await station.boot()
        await station.close()
        status: str = answer["status"]
        return status

    async with ClientSession() as session:
        assert await boots("CP1", "/CP1") == "Accepted"
        for name in (None, "CP2"):
            with pytest.raises(WSServerHandshakeError, match="401"):
                await boots(name, "/CP1")
        # The same name from an authority that nobody trusts.
        (tmp_path / "other").mkdir()
        forged = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        forged.load_cert_chain(Authority(tmp_path / "other").issue("CP1"))
        with pytest.raises(ClientConnectionError):
            await session.ws_connect(
                f"wss://127.0.0.1:{system.port}/CP1",
                ssl=forged,
                protocols=("ocpp1.6",),
            )
        assert not system.stations["CP1"].state.connected
        # Profile 2: TLS and a password.
        headers = _headers("CP2", PASSWORD)
        assert await boots(None, "/CP2", headers) == "Accepted"
        with pytest.raises(ClientConnectionError):
            await session.ws_connect(f"ws://127.0.0.1:{system.port}/CP2")
    await system.stop()


async def test_certificate_of_our_own_authority(tmp_path: Path) -> None:
    """A charger gets in by the certificate that Sunfuse signed for it, checked as strictly as Python does."""
    now = datetime.now(UTC)
    ours = CertificateAuthority.new("Sunfuse", now)
    theirs = Authority(tmp_path)  # of the server's own certificate
    server = ssl.create_default_context(
        ssl.Purpose.CLIENT_AUTH, cadata=ours.certificate
    )
    server.load_cert_chain(theirs.issue("localhost"))
    server.verify_mode = ssl.CERT_OPTIONAL
    system = CentralSystem()
    for identity in ("CP1", "CP2"):
        system.accept(StationConfig(identity=identity, client_certificate=True))
    await system.start("127.0.0.1", 0, server)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "anybody")])
    csr = x509.CertificateSigningRequestBuilder(subject).sign(key, hashes.SHA256())
    request = csr.public_bytes(serialization.Encoding.PEM).decode()
    file = tmp_path / "cp1.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file.write_bytes(secret + ours.sign(request, "CP1", now).encode())
    client = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    client.load_cert_chain(file)
    async with ClientSession() as session:

        async def boots(identity: str) -> str:
            url = f"wss://127.0.0.1:{system.port}/{identity}"
            websocket = await session.ws_connect(
                url, ssl=client, protocols=("ocpp1.6",)
            )
            station = RawStation(session, websocket)
            status: str = (await station.boot())["status"]
            await station.close()
            return status

        assert await boots("CP1") == "Accepted"
        with pytest.raises(WSServerHandshakeError, match="401"):
            await boots("CP2")
    await system.stop()


async def _with_new_password(system: CentralSystem, station: RawStation) -> str:
    """Boot, and be sent a new password, which the charger says it uses after a restart; return it."""
    await station.boot()
    await station.status("Available")
    station.answers["ChangeConfiguration"] = {"status": "RebootRequired"}
    new = new_password()
    await system.stations["CP1"].change_password(new)
    return new


@pytest.mark.parametrize("former", [None, PASSWORD])
async def test_password_after_a_restart(
    system: CentralSystem, connect: Connect, former: str | None
) -> None:
    """A charger that uses its new password after a restart is restarted; until then it gets in as before."""
    config = StationConfig(identity="CP1", password=former)
    system.accept(config)
    headers = _headers("CP1", former) if former else None
    station = await connect(headers=headers)
    new = await _with_new_password(system, station)
    await station.wait_received("Reset")
    cp1 = system.stations["CP1"]
    assert cp1.state.new_password is NewPassword.NEEDS_RESTART
    await station.close()

    # It loses its connection before it restarts, and Home Assistant is restarted, too.
    again = CentralSystem()
    again.accept(cp1.config)
    await again.start("127.0.0.1", 0)
    async with ClientSession() as session:

        async def boots(headers: dict[str, str] | None) -> RawStation:
            station = await RawStation.connect(session, again.port, headers=headers)
            await station.boot()
            return station

        def step() -> NewPassword | None:
            return again.stations["CP1"].state.new_password

        first = await boots(headers)
        assert step() is NewPassword.NEEDS_RESTART
        await first.close()
        second = await boots(_headers("CP1", new))
        assert step() is None
        assert again.stations["CP1"].config.former is None
        await second.close()
        with pytest.raises(WSServerHandshakeError, match="401"):
            await boots(headers)
    await again.stop()


@pytest.mark.parametrize("second", ["RebootRequired", "Accepted", None])
@pytest.mark.parametrize("first", ["RebootRequired", "Accepted", None])
async def test_another_password_before_the_last_was_used(
    system: CentralSystem, connect: Connect, first: str | None, second: str | None
) -> None:
    """Whichever of them the charger uses in the end, whatever it answered, it gets in until it has used the newest."""
    system.accept(CP1)
    cp1 = system.stations["CP1"]
    passwords = [PASSWORD, new_password(), new_password()]
    station = await connect(headers=_headers("CP1", PASSWORD))
    for password, result in zip(passwords[1:], (first, second), strict=True):
        await station.boot()
        station.answers["ChangeConfiguration"] = result and {"status": result}
        await cp1.change_password(password)
    await station.close()
    for password in (*passwords, passwords[2]):
        station = await connect(headers=_headers("CP1", password))
        assert cp1.state.connected
        await station.close()
    assert cp1.config.former is None
    for password in passwords[:2]:
        with pytest.raises(WSServerHandshakeError, match="401"):
            await connect(headers=_headers("CP1", password))


async def test_no_restart_for_a_password_while_a_car_charges(
    system: CentralSystem, connect: Connect
) -> None:
    """A restart would end the session, so it waits until that is over."""
    system.accept(StationConfig(identity="CP1"))
    station = await connect()
    await station.boot()
    at = datetime.now(UTC).isoformat()
    transaction = await station.start_transaction(at)
    station.answers["ChangeConfiguration"] = {"status": "RebootRequired"}
    await system.stations["CP1"].change_password(new_password())
    await station.call("Heartbeat", {})
    assert not station.received("Reset")
    await station.call(
        "StopTransaction",
        {"transactionId": transaction, "meterStop": 1000, "timestamp": at},
    )
    await station.status("Available")
    await station.wait_received("Reset")
    await station.call("Heartbeat", {})
    assert len(station.received("Reset")) == 1


async def test_password_that_a_restart_does_not_bring(
    system: CentralSystem, connect: Connect
) -> None:
    """A charger that comes back with its former password after the restart is not restarted for ever."""
    system.accept(CP1)
    headers = _headers("CP1", PASSWORD)
    station = await connect(headers=headers)
    await _with_new_password(system, station)
    await station.wait_received("Reset")
    await station.call("Heartbeat", {})
    await station.close()
    station = await connect(headers=headers)
    await station.boot()
    await station.call("Heartbeat", {})
    assert system.stations["CP1"].state.new_password is NewPassword.NOT_USED
    assert not station.received("Reset")


async def test_charger_that_hangs_up_instead_of_answering(
    system: CentralSystem, connect: Connect
) -> None:
    """Whether it took the password is not known, so both count."""
    system.accept(CP1)
    station = await connect(headers=_headers("CP1", PASSWORD))
    await station.boot()
    station.answers["ChangeConfiguration"] = None
    new = new_password()
    change = asyncio.create_task(system.stations["CP1"].change_password(new))
    await station.wait_received("ChangeConfiguration")
    await station.wait_for(
        lambda: any(
            request["key"] == "AuthorizationKey"
            for request in station.received("ChangeConfiguration")
        )
    )
    await station.close()
    await change
    await (await connect(headers=_headers("CP1", PASSWORD))).close()
    await (await connect(headers=_headers("CP1", new))).close()
    with pytest.raises(WSServerHandshakeError, match="401"):
        await connect(headers=_headers("CP1", PASSWORD))


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.parametrize("secured", [False, True])
async def test_security_profiles_of_2x(
    tmp_path: Path, version: str, secured: bool
) -> None:
    """Profile 1 is a password, profile 2 the same over TLS: no password and a wrong one stay outside, the right one boots.

    It reports while it is set up.
    """
    server_context, client_context = None, None
    if secured:
        certificate, key = write_certificate(tmp_path, "home")
        server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server_context.load_cert_chain(certificate, key)
        client_context = ssl.create_default_context(cafile=certificate)
    system = CentralSystem()
    system.accept(CP1)
    await system.start("127.0.0.1", 0, server_context)
    scheme = "wss" if secured else "ws"
    url = f"{scheme}://127.0.0.1:{system.port}/CP1"
    async with ClientSession() as session:

        async def opened(headers: dict[str, str]) -> RawStation:
            websocket = await session.ws_connect(
                url,
                protocols=(f"ocpp{version}",),
                headers=headers,
                ssl=client_context or True,
            )
            return RawStation(session, websocket)

        for headers in ({}, _headers("CP1", "wrong")):
            with pytest.raises(WSServerHandshakeError) as refused:
                await opened(headers)
            assert refused.value.status == 401
        station = await opened(_headers("CP1", PASSWORD))
        assert (await station.boot2())["status"] == "Accepted"
        await station.wait_received("GetVariables")
        await station.call("Heartbeat", {})
        await station.close()
    await system.stop()
