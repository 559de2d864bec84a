"""One Everseal under test: its own folder, ports and processes, ended by pid."""
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import requests

from support import edge
from support.ports import free_port

BUILD = Path(os.environ.get("EVERSEAL_BUILD", Path(__file__).resolve().parents[2] / "build"))
BINARY = BUILD / "src" / "everseal"
SANITIZED = "asan" in BUILD.name
READY_SECONDS = 60 if SANITIZED else 20
STOP_SECONDS = 30


class ApiError(AssertionError):
    pass


class Api:
    """The API over loopback, with a token. Calls return the "result"; call() the whole answer."""

    def __init__(self, base, token=None):
        self.base = base
        self.token = token
        self.session = requests.Session()
        self.session.trust_env = False

    def with_token(self, token):
        return Api(self.base, token)

    def call(self, method, path, json=None, **options):
        headers = dict(options.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.session.request(method, self.base + path, json=json, headers=headers,
                                    timeout=options.pop("timeout", 30), **options)

    def result(self, method, path, json=None, **options):
        answer = self.call(method, path, json, **options)
        if not (answer.ok and answer.json()["success"]):
            raise ApiError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()["result"]

    def get(self, path, **options):
        return self.result("GET", path, **options)

    def post(self, path, json=None, **options):
        return self.result("POST", path, json, **options)

    def put(self, path, json=None, **options):
        return self.result("PUT", path, json, **options)

    def patch(self, path, json=None, **options):
        return self.result("PATCH", path, json, **options)

    def delete(self, path, **options):
        return self.result("DELETE", path, **options)


def children(pid):
    """Pids of all processes below this one, read from /proc."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, front = [], [pid]
    while front:
        front = [child for one in front for child in parents.get(one, [])]
        found += front
    return found


def wait_until(what, seconds=15.0, every=0.02, words="what was waited for"):
    """The first true answer of what(); fails with words when the time is over."""
    end = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{words}: not within {seconds} s")
        time.sleep(every)


class Everseal:
    def __init__(self, folder, settings=None, env=None):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.api_port, self.http_port, self.https_port = free_port(), free_port(), free_port()
        self.settings = {
            "data.folder": str(self.folder),
            "api.listen": f"127.0.0.1:{self.api_port}",
            "edge.http.listen": f"127.0.0.1:{self.http_port}, [::1]:{self.http_port}",
            "edge.https.listen": f"127.0.0.1:{self.https_port}, [::1]:{self.https_port}",
            "edge.workers": "2",
            "origin.allow": "127.0.0.0/8, ::1/128",
            "api.rate.requests": "0",
            **(settings or {}),
        }
        self.env = {**os.environ, **(env or {})}
        for name in ("EVERSEAL_API", "EVERSEAL_TOKEN", "EVERSEAL_DATA_FOLDER", "EVERSEAL_ACCOUNT"):
            self.env.pop(name, None)
        self.log = self.folder.parent / (self.folder.name + ".log")
        self.process = None
        self.api = None
        self.account = None
        self.http = ("127.0.0.1", self.http_port)
        self.https = ("127.0.0.1", self.https_port)
        self.ca = str(self.folder / "root.pem")

    # --- life ------------------------------------------------------------------------------------

    def flags(self):
        return [f"--{name}={value}" for name, value in self.settings.items()]

    def spawn(self, *more, pass_fds=(), out=None):
        """Starts `everseal up` and does not wait; what it says goes to the log, or to `out`."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [str(BINARY), "up", *self.flags(), *more], stdout=out or log, stderr=out or log,
                env=self.env, start_new_session=True, pass_fds=pass_fds)
        return self.process

    def start(self):
        self.spawn()
        wait_until(self.is_ready, READY_SECONDS, words="everseal up did not become ready")
        if self.api is None:
            token = self.cli_json("token", "create", "tests")["value"]
            self.api = Api(f"http://127.0.0.1:{self.api_port}/client/v4", token)
        self.account = self.api.get("/accounts")[0]["id"]
        return self

    def is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"everseal up ended with {self.process.returncode}:\n"
                                 + self.log_text()[-4000:])
        try:
            edge.connect(self.https, 1).close()
            return requests.get(f"http://127.0.0.1:{self.api_port}/client/v4/ips", timeout=2).ok
        except (OSError, requests.RequestException):
            return False

    def stop(self, how=signal.SIGTERM):
        """Ends it and whatever of it is left. Returns the exit status (None: was not running)."""
        if self.process is None:
            return None
        below = children(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in below:
            if self.is_ours(pid):
                os.kill(pid, signal.SIGKILL)
        status, self.process = self.process.returncode, None
        self.check_sanitizers()
        return status

    def check_sanitizers(self):
        """What a sanitizer said in any of its processes fails the test that used it."""
        text = self.log_text()
        for mark in ("runtime error:", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer"):
            if mark in text:
                at = text.index(mark)
                raise AssertionError(f"{self.folder}: {text[max(0, at - 200):at + 3000]}")

    def is_ours(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/exe").split(" ")[0] == str(BINARY.resolve())
        except OSError:
            return False

    def restart(self):
        self.stop()
        return self.start()

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_rows(self):
        """The JSON lines of the log."""
        rows = []
        for line in self.log_text().splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                pass
        return rows

    def processes(self):
        """Rows of `everseal status`: role, slot, pid, ..."""
        return self.cli_json("status")["processes"]

    def pids(self, role):
        return [row["pid"] for row in self.processes() if row["role"] == role and row["pid"]]

    # --- asking ----------------------------------------------------------------------------------

    def cli(self, *words, check=True, env=None):
        """Runs the command line on this instance's data folder."""
        done = subprocess.run([str(BINARY), *words, "--data", str(self.folder)], text=True,
                              capture_output=True, env={**self.env, **(env or {})}, timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"everseal {' '.join(words)}: {done.returncode}\n{done.stderr}")
        return done

    def cli_json(self, *words):
        return json.loads(self.cli(*words, "--json").stdout)

    def fetch(self, host, path="/", tls=True, **options):
        """One request through the edge; trusts the instance's own root."""
        if tls and "context" not in options:
            options.setdefault("ca", self.ca)
        return edge.fetch(self.https if tls else self.http, host, path, tls=tls, **options)

    def curl(self, url, *more):
        """curl with the name resolved to this edge and its root trusted."""
        host = url.split("/")[2].split(":")[0]
        port = self.https_port if url.startswith("https") else self.http_port
        url = url.replace(host, f"{host}:{port}", 1) if f"{host}:" not in url else url
        return subprocess.run(
            ["curl", "-sS", "--noproxy", "*", "--max-time", "20", "--cacert", self.ca, "--resolve",
             f"{host}:{port}:127.0.0.1", *more, url], capture_output=True, text=True)

    def metrics(self):
        """{'name{labels}': value} of /metrics."""
        text = requests.get(f"http://127.0.0.1:{self.api_port}/metrics", timeout=10).text
        rows = (line.rsplit(" ", 1) for line in text.splitlines() if line and line[0] != "#")
        return {name: float(value) for name, value in rows}

    # --- onboarding ------------------------------------------------------------------------------

    def zone(self, name, ssl=None):
        """The zone of this name, made when it is not there. `ssl` sets its mode."""
        found = self.api.get(f"/zones?name={name}")
        zone = found[0] if found else self.api.post(
            "/zones", {"name": name, "account": {"id": self.account}})
        if ssl:
            self.api.patch(f"/zones/{zone['id']}/settings/ssl", {"value": ssl})
        return zone

    def hostname(self, zone, name, origin, **everseal):
        """Posts a custom hostname with an origin of our own; does not wait."""
        scheme = "https" if origin.tls else "http"
        where = {"host": origin.host, "scheme": scheme, "http_port": origin.port,
                 "https_port": origin.port}
        return self.api.post(f"/zones/{zone['id']}/custom_hostnames", {
            "hostname": name, "ssl": {"method": "http", "type": "dv"},
            "everseal": {"origin": where, **everseal}})

    def wait_live(self, zone, row, seconds=15.0):
        """Waits until every machine serves it; returns the row as it then is."""
        path = f"/zones/{zone['id']}/custom_hostnames/{row['id']}"

        def live():
            now = self.api.get(path)
            deployed = now["everseal"]["deployment"]
            return now if now["ssl"]["status"] == "active" and \
                deployed["live"] == deployed["of"] > 0 else None
        return wait_until(live, seconds, words=f"{row['hostname']} live")

    def onboard(self, name, origin, zone=None, ssl="flexible"):
        """A hostname that is served when this returns: zone, custom hostname, certificate, edge."""
        if zone is None:
            zone = self.zone(name.split(".", 1)[1], ssl)
        return self.wait_live(zone, self.hostname(zone, name, origin))
