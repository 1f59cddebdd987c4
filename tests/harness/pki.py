"""Keys and certificates of a test cluster: the key that signs service accounts, and clients of the kubelet."""

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID

PRIVATE = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write_accounts_key(folder: Path) -> None:
    """accounts.key signs the tokens of service accounts, accounts.pub checks them."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    (folder / "accounts.key").write_bytes(key.private_bytes(*PRIVATE))
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "accounts.pub").write_bytes(public)


def write_kubelet_client(folder: Path) -> None:
    """clients.crt is an authority that the kubelet trusts, api.crt and api.key the API server's identity there."""
    authority = ec.generate_private_key(ec.SECP256R1())
    issuer = named("clients")
    key = ec.generate_private_key(ec.SECP256R1())
    root = certificate(issuer, issuer, authority.public_key(), authority, authority=True)
    client = certificate(named("api", "system:masters"), issuer, key.public_key(), authority)
    (folder / "clients.crt").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "api.crt").write_bytes(client.public_bytes(Encoding.PEM))
    (folder / "api.key").write_bytes(key.private_bytes(*PRIVATE))


def named(name: str, group: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if group:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
) -> x509.Certificate:
    """A certificate for a week, from yesterday on."""
    today = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=7))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return built.sign(signer, hashes.SHA256())
