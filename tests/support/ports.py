"""Free ports for servers of a test run, below the range that the kernel hands to clients."""
import os
import random
import socket

LEAST, MOST = (int(n) for n in os.environ.get("EVERSEAL_TEST_PORTS", "24000-29999").split("-"))
_taken = set()


def _is_free(port):
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        with socket.socket(family, socket.SOCK_STREAM) as s:
            if family == socket.AF_INET6:
                s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind((address, port))
            except OSError:
                return False
    return True


def free_port():
    """One that this run has not had yet; when it has had them all, any that is free."""
    for _ in range(10000):
        port = random.randint(LEAST, MOST)
        if port not in _taken and _is_free(port):
            _taken.add(port)
            return port
        if len(_taken) > (MOST - LEAST) // 2:
            _taken.clear()
    raise RuntimeError(f"no free port from {LEAST} to {MOST}: set EVERSEAL_TEST_PORTS")
