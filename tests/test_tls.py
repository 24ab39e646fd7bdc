from __future__ import annotations

import ssl

from bot.tls import tls_context


def test_certificates_are_checked_and_loaded_once() -> None:
    context = tls_context()
    assert context is tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
