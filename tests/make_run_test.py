"""`make run`, word by word: it prints a curl line that works, writes var/env, stops on Ctrl-C,
and serves again at once."""
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support.instance import BUILD, SANITIZED, wait_until
from support.ports import free_port

ROOT = Path(__file__).resolve().parents[1]


def hear_interrupts():
    """A shell's background job, and all it starts, ignores Ctrl-C unless told otherwise."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Run:
    def __init__(self, var):
        self.var = var
        self.ports = {"PORT_HTTP": free_port(), "PORT_HTTPS": free_port(), "PORT_API": free_port(),
                      "PORT_ORIGIN": free_port()}
        self.out = var.parent / f"{var.name}.out"

    def start(self):
        env = {**os.environ, "BUILD": str(BUILD), "VAR": str(self.var),
               **{k: str(v) for k, v in self.ports.items()}}
        with open(self.out, "wb") as out:
            self.process = subprocess.Popen(["make", "-s", "run"], cwd=ROOT, env=env, stdout=out,
                                            stderr=subprocess.STDOUT, start_new_session=True,
                                            preexec_fn=hear_interrupts)
        wait_until(self.is_serving, 60, words="make run")
        return self

    def text(self):
        return self.out.read_text()

    def is_serving(self):
        assert self.process.poll() is None, self.text()
        return "Ctrl-C stops it." in self.text()

    def env(self):
        return dict(re.findall(r"^(\w+)=(.*)$", (self.var / "env").read_text(), re.M))

    def interrupt(self):
        """Ctrl-C: the whole foreground group hears it."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(30)


@pytest.fixture
def run(work):
    one = Run(work / "make-run")
    yield one
    if one.process.poll() is None:
        os.killpg(one.process.pid, signal.SIGTERM)
        one.process.wait(30)


@pytest.mark.skipif(SANITIZED, reason="builds the plain build")
def test_two_runs(run):
    run.start()
    line = re.search(r"^ *(curl --cacert .*)$", run.text(), re.M)[1]
    assert "--resolve" in line
    done = subprocess.run(line + " -sS --noproxy '*'", shell=True, text=True, capture_output=True,
                          cwd=ROOT)
    assert done.returncode == 0 and "Hello from the demo origin" in done.stdout, done.stderr
    assert len(re.findall(r"^ +\d+\.\d+ s  ", run.text(), re.M)) >= 6

    env = run.env()
    assert (run.var / "env").stat().st_mode & 0o777 == 0o600
    assert set(env) == {"EVERSEAL_API", "EVERSEAL_TOKEN", "EVERSEAL_ACCOUNT", "EVERSEAL_CA",
                        "EVERSEAL_HTTP", "EVERSEAL_HTTPS", "EVERSEAL_PID"}
    assert env["EVERSEAL_API"].endswith("/client/v4")
    assert Path(env["EVERSEAL_CA"]).read_text().startswith("-----BEGIN CERTIFICATE-----")
    pid = int(env["EVERSEAL_PID"])
    assert os.readlink(f"/proc/{pid}/exe") == str((BUILD / "src/everseal").resolve())

    run.interrupt()
    assert not Path(f"/proc/{pid}").exists()
    assert "stopped" in run.text()

    run.start()
    assert "added" not in run.text()
    kept = (run.var / "env").read_text()
    second = Run(run.var)
    done = subprocess.run(["make", "-s", "run"], cwd=ROOT, text=True, capture_output=True, timeout=60,
                          env={**os.environ, "BUILD": str(BUILD), "VAR": str(run.var),
                               **{k: str(v) for k, v in second.ports.items()}})
    assert done.returncode != 0 and "Ctrl-C" not in done.stdout
    pid = int(run.env()["EVERSEAL_PID"])
    assert f"in use by process {pid}" in done.stderr and "everseal up:" not in done.stdout
    assert (run.var / "env").read_text() == kept
    done = subprocess.run(line + " -sS --noproxy '*'", shell=True, text=True, capture_output=True,
                          cwd=ROOT)
    assert done.returncode == 0 and "Hello" in done.stdout, done.stderr
    run.interrupt()
