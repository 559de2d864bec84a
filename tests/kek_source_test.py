"""Where the key-encryption keys may come from: file, systemd credential, inherited descriptor."""
import os

import pytest

from support.instance import wait_until


@pytest.fixture
def ring(everseal, work):
    """A keyring that some first start has made, as text."""
    one = everseal({"edge.workers": "1"})
    one.stop()
    return (one.folder / "kek").read_bytes()


def test_a_systemd_credential_goes_before_the_file(everseal, origin, name, ring, work):
    folder = work / f"credentials-{name}"
    folder.mkdir()
    (folder / "everseal-kek").write_bytes(ring)
    (folder / "everseal-kek").chmod(0o400)
    one = everseal({"edge.workers": "1"}, env={"CREDENTIALS_DIRECTORY": str(folder)})
    one.onboard(name, origin)
    assert one.fetch(name).status == 200
    assert not (one.folder / "kek").exists()
    done = one.cli("kek", "rotate", check=False)
    assert done.returncode != 0 and "handed to us" in done.stderr


def test_an_inherited_descriptor_goes_before_both(everseal, ring):
    one = everseal({"edge.workers": "1"}, start=False)
    ours, theirs = os.pipe()
    os.write(theirs, ring)
    os.close(theirs)
    one.spawn(f"--kek.fd={ours}", pass_fds=[ours])
    os.close(ours)
    wait_until(one.is_ready, 20)
    assert not (one.folder / "kek").exists()


def test_the_environment_names_a_file(everseal, ring, work, name):
    path = work / f"kek-{name}"
    path.write_bytes(ring)
    path.chmod(0o600)
    one = everseal({"edge.workers": "1"}, env={"EVERSEAL_KEK_FILE": str(path)})
    assert one.is_ready() and not (one.folder / "kek").exists()


@pytest.mark.parametrize("text, told", [
    (b"", "keyring"), (b"everseal-kek 1\nnonsense\n", "line 2"), (b"x" * 100000, "too long")])
def test_nonsense_is_refused_with_words(everseal, text, told):
    one = everseal({"edge.workers": "1"}, start=False)
    (one.folder / "kek").write_bytes(text)
    (one.folder / "kek").chmod(0o600)
    assert one.spawn().wait(20) == 1
    assert told in one.log_text() and (one.folder / "kek").read_bytes() == text
