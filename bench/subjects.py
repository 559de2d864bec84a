"""The servers of the benchmarks: Everseal and its peers, one worker each on core 0, all proxying
https://bench.example.net to the same origin (nginx on core 1, 128 bytes)."""
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

HOST = "bench.example.net"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, what):
    for _ in range(500):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise SystemExit(f"bench: {what} does not listen on port {port}")


class Subject:
    def __init__(self, name, argv, port, core=0, output=subprocess.DEVNULL):
        self.name, self.port = name, port
        self.process = subprocess.Popen(["taskset", "-c", str(core), *argv],
                                        stdout=output, stderr=subprocess.STDOUT)
        wait_for(port, name)

    @property
    def pid(self):
        return self.process.pid

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def make_certificate(folder):
    """Root, intermediate and leaf like those of the built-in CA: ECDSA P-256, same chain."""
    def openssl(*argv):
        subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True, cwd=folder)

    ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *ec, "-keyout", "root.key", "-out", "root.pem", "-days", "30",
            "-subj", "/CN=Bench root")
    for name, issuer, subject, extensions in (
            ("int", "root", "/CN=Bench intermediate",
             "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign"),
            ("leaf", "int", f"/CN={HOST}",
             f"subjectAltName=DNS:{HOST}\nkeyUsage=critical,digitalSignature\n"
             "extendedKeyUsage=serverAuth")):
        (folder / f"{name}.ext").write_text(extensions + "\n")
        openssl("req", *ec, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem", "-CAkey",
                f"{issuer}.key", "-CAcreateserial", "-out", f"{name}.pem", "-days", "30",
                "-extfile", f"{name}.ext")
    chain = (folder / "leaf.pem").read_text() + (folder / "int.pem").read_text()
    (folder / "chain.pem").write_text(chain)
    (folder / "both.pem").write_text(chain + (folder / "leaf.key").read_text())


def start_origin(folder):
    port = free_port()
    conf = folder / "origin.conf"
    conf.write_text(f"""daemon off; worker_processes 1; pid {folder}/origin.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 1h;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{'x' * 128}"; }} }} }}
""")
    return Subject("origin", ["nginx", "-c", str(conf), "-p", str(folder)], port, core=1)


def start_nginx(folder, origin):
    port = free_port()
    conf = folder / "nginx.conf"
    conf.write_text(f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000;
  upstream origin {{ server 127.0.0.1:{origin.port}; keepalive 64;
                     keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port} ssl; server_name {HOST};
    ssl_certificate {folder}/chain.pem; ssl_certificate_key {folder}/leaf.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {{ proxy_pass http://origin; proxy_http_version 1.1;
                  proxy_set_header Connection ""; proxy_set_header Host $host; }} }} }}
""")
    return Subject("nginx", ["nginx", "-c", str(conf), "-p", str(folder)], port)


def start_haproxy(folder, origin):
    port = free_port()
    conf = folder / "haproxy.cfg"
    conf.write_text(f"""global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend f
  bind 127.0.0.1:{port} ssl crt {folder}/both.pem alpn http/1.1 ssl-min-ver TLSv1.2
  default_backend b
backend b
  http-reuse always
  server o 127.0.0.1:{origin.port}
""")
    return Subject("haproxy", ["haproxy", "-db", "-f", str(conf)], port)


def start_h2o(folder, origin):
    port = free_port()
    conf = folder / "h2o.conf"
    conf.write_text(f"""num-threads: 1
listen:
  host: 127.0.0.1
  port: {port}
  ssl:
    certificate-file: {folder}/chain.pem
    key-file: {folder}/leaf.key
hosts:
  default:
    paths:
      /:
        proxy.reverse.url: http://127.0.0.1:{origin.port}/
""")
    return Subject("h2o", ["h2o", "-c", str(conf)], port)


class Everseal(Subject):
    """`everseal up` with one worker in a folder of its own, and its API."""

    def __init__(self, folder, program):
        ports = {"api": free_port(), "http": free_port(), "https": free_port()}
        self.folder = folder / "everseal"
        self.folder.mkdir()
        self.folder.chmod(0o755)
        settings = {
            "data.folder": self.folder, "edge.workers": 1,
            "api.listen": f"127.0.0.1:{ports['api']}",
            "edge.http.listen": f"127.0.0.1:{ports['http']}",
            "edge.https.listen": f"127.0.0.1:{ports['https']}",
            "origin.allow": "127.0.0.0/8",
            "access_log.file": self.folder / "access.log",
        }
        self.api = f"http://127.0.0.1:{ports['api']}/client/v4"
        self.output = folder / "everseal.out"
        with self.output.open("w") as output:
            super().__init__("everseal", [program, "up",
                                          *(f"--{k}={v}" for k, v in settings.items())],
                             ports["https"], output=output)
        self.token = self.wait_for_token()
        self.account = self.call("GET", "/accounts")["result"][0]["id"]

    def wait_for_token(self):
        """A first start shows it once."""
        for _ in range(500):
            found = re.search(r"API token\s+(\S+)", self.output.read_text())
            if found:
                return found.group(1)
            time.sleep(0.02)
        raise SystemExit(f"bench: no token in {self.output}")

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.api + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def add_zone(self, name, origin):
        zone = self.call("POST", "/zones", {"name": name, "account": {"id": self.account}})
        self.zone = zone["result"]["id"]
        self.origin = {"host": "127.0.0.1", "http_port": origin.port, "scheme": "http"}

    def add_hostname(self, name):
        return self.call("POST", f"/zones/{self.zone}/custom_hostnames", {
            "hostname": name, "ssl": {"method": "http", "type": "dv"},
            "everseal": {"origin": self.origin}})["result"]


def served_certificate(port, name):
    """The leaf that is served for the name, or None."""
    import ssl
    ctx = ssl._create_unverified_context()
    try:
        with socket.create_connection(("127.0.0.1", port)) as s:
            with ctx.wrap_socket(s, server_hostname=name) as t:
                return t.getpeercert(binary_form=True)
    except (ssl.SSLError, ConnectionError):
        return None


def start_everseal(folder, program, origin):
    subject = Everseal(folder, program)
    subject.add_zone("example.net", origin)
    subject.add_hostname(HOST)
    for _ in range(500):
        if served_certificate(subject.port, HOST):
            return subject
        time.sleep(0.02)
    subject.stop()
    raise SystemExit(f"bench: everseal does not serve {HOST}")


def start_all(folder, program):
    """Everseal first, its peers after it, the origin last."""
    os.environ.setdefault("LC_ALL", "C")
    make_certificate(folder)
    for path in Path(folder).glob("*.key"):
        path.chmod(0o644)  # peers started as root drop to their own users; throw-away keys
    origin = start_origin(folder)
    running = []
    try:
        running.append(start_everseal(folder, program, origin))
        for start in (start_nginx, start_haproxy, start_h2o):
            running.append(start(folder, origin))
    except BaseException:
        for s in [*running, origin]:
            s.stop()
        raise
    running[-1].stop = stop_with(running[-1].stop, origin.stop)
    return running


def stop_with(first, second):
    def both():
        first()
        second()
    return both
