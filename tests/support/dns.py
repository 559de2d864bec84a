"""A small DNS server of a test's own: TXT records over UDP, NXDOMAIN for everything else."""
import socket
import struct
import threading

TXT = 16
NO_ERROR, NO_NAME = 0, 3


class Dns:
    """texts: {"_owner.example": ["value", ...]}; asked: the names in the order of questions."""

    def __init__(self):
        self.texts = {}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.socket.close()

    def _serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(4096)
                self.socket.sendto(self._answer(query), peer)
            except OSError:
                return

    def _answer(self, query):
        end, labels = 12, []
        while query[end]:
            labels.append(query[end + 1:end + 1 + query[end]].decode())
            end += 1 + query[end]
        question = query[12:end + 5]
        name = ".".join(labels).lower()
        kind = struct.unpack("!H", query[end + 1:end + 3])[0]
        self.asked.append(name)
        values = self.texts.get(name, []) if kind == TXT else []
        code = NO_ERROR if name in self.texts else NO_NAME
        head = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(values), 0, 0)
        return head + question + b"".join(self._record(value.encode()) for value in values)

    @staticmethod
    def _record(value):
        data = b"".join(bytes([len(part)]) + part
                        for part in (value[i:i + 255] for i in range(0, len(value), 255)))
        return b"\xc0\x0c" + struct.pack("!HHIH", TXT, 1, 1, len(data)) + data
