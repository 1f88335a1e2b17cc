"""A certificate for 127.0.0.1, made on the spot and signed by its own key: no key lies in the tree."""

from __future__ import annotations

import hashlib
import ssl
from base64 import encodebytes
from ipaddress import ip_address
from pathlib import Path

ED25519 = bytes.fromhex("300506032b6570")
PRIVATE_HEAD = bytes.fromhex("302e020100300506032b657004220420")
"""PKCS #8 around a 32-byte Ed25519 seed (RFC 8410)."""
COMMON_NAME, KEY_ID, ALT_NAME = (bytes.fromhex(code) for code in ("0603550403", "0603551d0e", "0603551d11"))
SEQUENCE, SET, INTEGER, BITS, OCTETS, TEXT, TIME = 0x30, 0x31, 0x02, 0x03, 0x04, 0x0C, 0x18


def contexts(folder: Path, address: str = "127.0.0.1", seed: bytes = bytes(range(32))) -> tuple[ssl.SSLContext, str]:
    """A server's context with a certificate for `address`, and the certificate (PEM) a client may trust."""
    from nacl.signing import SigningKey

    key = SigningKey(seed)
    certificate = _pem("CERTIFICATE", _certificate(key.sign, bytes(key.verify_key), address))
    (folder / "cert.pem").write_text(certificate)
    (folder / "key.pem").write_text(_pem("PRIVATE KEY", PRIVATE_HEAD + seed))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return server, certificate


def _certificate(sign, public_key: bytes, address: str) -> bytes:
    name = _der(SEQUENCE, _der(SET, _der(SEQUENCE, COMMON_NAME + _der(TEXT, b"loopback test"))))
    validity = _der(SEQUENCE, _der(TIME, b"20200101000000Z") + _der(TIME, b"21200101000000Z"))
    owner = _der(SEQUENCE, ED25519 + _der(BITS, b"\0" + public_key))
    alternative = _der(SEQUENCE, _der(0x87, ip_address(address).packed))
    identifier = _der(OCTETS, hashlib.sha256(public_key).digest()[:20])
    extensions = _extension(ALT_NAME, alternative) + _extension(KEY_ID, identifier)
    told = _der(
        SEQUENCE,
        _der(0xA0, _der(INTEGER, b"\x02"))
        + _der(INTEGER, b"\x01")
        + (ED25519 + name + validity + name + owner)
        + _der(0xA3, _der(SEQUENCE, extensions)),
    )
    return _der(SEQUENCE, told + ED25519 + _der(BITS, b"\0" + sign(told).signature))


def _extension(kind: bytes, value: bytes) -> bytes:
    return _der(SEQUENCE, kind + _der(OCTETS, value))


def _der(tag: int, value: bytes) -> bytes:
    size = len(value)
    if size < 0x80:
        return bytes([tag, size]) + value
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + value


def _pem(kind: str, data: bytes) -> str:
    return f"-----BEGIN {kind}-----\n{encodebytes(data).decode()}-----END {kind}-----\n"
