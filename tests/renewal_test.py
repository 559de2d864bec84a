"""Certificates renew by themselves, again and again, while clients keep coming."""
import datetime
import os
import threading

import pytest
from cryptography import x509

from support import edge
from support.instance import SANITIZED, wait_until

RENEWALS = int(os.environ.get("EVERSEAL_RENEWALS", "5"))
LIFETIME = int(os.environ.get("EVERSEAL_LIFETIME", "10"))


class Clients:
    """Two of them, full handshakes one after the other, each checked against root, name and clock."""

    def __init__(self, one, names):
        self.one, self.names = one, names
        self.failed, self.late = [], []
        self.served = {name: [] for name in names}  # serial numbers in order of appearance
        self.count = 0
        self.stopped = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(name,)) for name in names]
        for thread in self.threads:
            thread.start()

    def run(self, name):
        while not self.stopped.is_set():
            try:
                with edge.handshake(self.one.https, name, self.one.ca) as sock:
                    der = sock.getpeercert(True)
            except OSError as e:
                self.failed.append((name, str(e)))
                continue
            leaf = x509.load_der_x509_certificate(der)
            if leaf.not_valid_after < datetime.datetime.utcnow():
                self.late.append((name, leaf.not_valid_after))
            if leaf.serial_number not in self.served[name]:
                self.served[name].append(leaf.serial_number)
            self.count += 1

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()


@pytest.mark.skipif(SANITIZED, reason="minutes of load, no new paths")
def test_renewals_in_a_row_under_load(everseal, origin, name):
    one = everseal({"edge.workers": "2", "ca.leaf_lifetime": f"{LIFETIME}s"})
    domain = name.split(".", 1)[1]
    zone = one.zone(domain, "flexible")
    names = [name, f"b.{domain}"]
    for each in names:
        one.wait_live(zone, one.hostname(zone, each, origin))
    clients = Clients(one, names)
    try:
        wait_until(lambda: all(len(seen) > RENEWALS for seen in clients.served.values()),
                   (RENEWALS + 2) * LIFETIME, 0.2, f"{RENEWALS} renewals of each name")
    finally:
        clients.stop()
    assert clients.failed == []
    assert clients.late == []
    assert clients.count > 10 * RENEWALS
