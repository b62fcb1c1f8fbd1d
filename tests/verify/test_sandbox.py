"""What holds in each tier that locks programs in, and what is said where none works."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import prorl
from prorl.errors import UserError
from prorl.verify import sandbox, sandbox_bubblewrap
from prorl.verify.programs import Program, ProgramBroken, checked, running
from prorl.verify.sandbox import Limits, Probed, SandboxFailed, Tier, probe, tier_for
from prorl.verify.sandbox_syscalls import program as filter_program
from prorl.verify.sandbox_users import FIRST, user_within

STRONG = [tier for tier in (Tier.BUBBLEWRAP, Tier.NAMESPACES) if sandbox._reason_against(tier) is None]
LIMITS = Limits(seconds=10.0)
strong = pytest.mark.parametrize("tier", STRONG)


def said(tier: Tier, source: str, given: str = "", limits: Limits = LIMITS) -> str:
    with running(source, limits, tier) as program:
        ran = program.run(given.encode())
    assert ran.failed == ""
    return ran.value.decode()


@pytest.mark.parametrize("tier", [Tier.BUBBLEWRAP, Tier.NAMESPACES])
def test_a_tier_works_or_the_machine_forbids_it(tier):
    """A tier that lets a program out is ours to mend; only what the machine lacks or refuses is an excuse."""
    reason = sandbox._reason_against(tier) or ""
    assert "a trial program" not in reason
    assert not reason or any(
        part in reason for part in ("there is no bwrap", "not permitted", "No permissions", "denied")
    )


@pytest.mark.parametrize("tier", [*STRONG, Tier.LIMITS])
def test_programs_read_and_write_and_functions_are_called(tier):
    assert said(tier, "print(input()[::-1])", "abc\n") == "cba\n"
    with running("def f(a, b=1):\n    return [a, (b, {a})]", LIMITS, tier, "f") as program:
        assert program.call((1, 2)).value == [1, (2, {1})]
        assert program.call((1,)).value == [1, (1, {1})]
        assert "TypeError" in program.call(()).failed
    with running("class Solution:\n    def f(self, a):\n        return a", LIMITS, tier, "f") as program:
        assert program.call(("x",)).value == "x"
    assert checked("def f(a):\n    return a", "", "def check(c):\n    assert c(1) == 1", "f", LIMITS, tier) == ""


@strong
def test_only_python_and_an_empty_folder_are_there(tier):
    listing = said(tier, "import os\nprint(sorted(os.listdir('/')), os.listdir('/tmp'), os.listdir('/dev'))")
    roots, temporary, devices = (eval(part + "]") for part in listing.strip().split("]")[:3])
    assert set(roots) <= {"dev", "tmp", "lib", "lib64", "usr", "root", "home", "opt", *os.listdir("/")}
    assert not {"etc", "proc", "sys", "var", "run", "boot"} & set(roots)
    assert (temporary, set(devices)) == ([], {"null", "zero", "urandom"})
    everything = said(tier, "import os\nprint(sum(len(files) for _, _, files in os.walk(os.path.expanduser('~'))))")
    assert everything == "0\n"


@strong
def test_a_package_below_tmp_can_be_mounted(tier, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        name = f"below_tmp_{tier}"
        (Path(folder) / name).mkdir()
        (Path(folder) / name / "__init__.py").write_text("here = 1")
        monkeypatch.syspath_prepend(folder)
        source = f"import {name}\nprint({name}.here)\nopen('/tmp/x', 'w').close()"
        assert said(tier, source, limits=Limits(seconds=10.0, packages=(name,))) == "1\n"


@strong
def test_nothing_of_our_environment_is_there(tier, monkeypatch):
    monkeypatch.setenv("PRORL_SECRET", "a secret")
    assert "secret" not in said(tier, "import os\nprint(dict(os.environ))")


@strong
def test_local_sockets_of_the_host_are_out_of_reach(tier):
    """The filter lets local sockets pass, so this shows that the network namespace is another one."""
    source = "import socket\nsocket.socket(socket.AF_UNIX).connect(chr(0) + input())"
    name = f"prorl-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening, running(source, LIMITS, tier) as program:
        listening.bind(f"\0{name}")
        listening.listen()
        assert "ConnectionRefusedError" in program.run(name.encode()).failed
    with socket.socket(socket.AF_UNIX) as listening, running(source, LIMITS, Tier.LIMITS) as program:
        listening.bind(f"\0{name}-weak")
        listening.listen()
        assert program.run(f"{name}-weak".encode()).failed == "", "where nothing holds, it does connect"


@strong
def test_processes_are_its_own(tier):
    assert said(tier, "import os\nprint(os.getpid(), os.getppid())") == "3 2\n"
    users = [int(said(tier, "import os\nprint(os.getuid())")) for _ in range(2)]
    if os.getuid() == 0:
        assert 0 < users[0] != users[1] > 0, "every sandbox has its own"
        assert said(tier, "import os\nprint(os.getgid() > 0, os.getgroups())") == "True []\n"
    else:
        assert users == [os.getuid()] * 2


@strong
@pytest.mark.parametrize(
    ("limit", "source", "expected"),
    [
        ("memory", "x = bytearray(300 << 20)", "MemoryError"),
        ("file_size", "open('/tmp/x', 'wb').write(b'x' * (2 << 20))", "File too large"),
        ("file_size", "for i in range(9): open(f'/tmp/{i}', 'wb').write(b'x' * (1 << 18))", "No space left"),
        ("processes", "import os\nfor i in range(30):\n    if os.fork() == 0: os.abort()", "Resource temporarily"),
        ("output", "print('x' * (2 << 17))", "more than 131072 bytes of output"),
        ("", "open('/x', 'w')", "Read-only file system|Permission denied"),
        ("", "import os\nopen(os.__file__, 'a')", "Read-only file system|Permission denied"),
        ("", "import socket\nsocket.socket()", "Operation not permitted"),
        ("", "import os\nos.setuid(0)", "Operation not permitted"),
        ("", "import resource as r\nr.setrlimit(r.RLIMIT_NPROC, (-1, -1))", "not allowed to raise|not permitted"),
        ("", "import os\nos.sched_setaffinity(0, [0])\nos.chroot('/tmp')", "Operation not permitted"),
    ],
)
def test_limits_hold(tier, limit, source, expected):
    limits = Limits(seconds=10.0, memory=256 << 20, processes=16, file_size=1 << 20, output=1 << 17)
    with running(source, limits, tier) as program:
        ran = program.run(b"")
    assert any(part in ran.failed for part in expected.split("|")), (limit, ran)


@strong
def test_cpu_time_of_one_process_is_limited(tier):
    with running("while True: pass", Limits(seconds=1.0), tier) as program:
        program._sandbox._until += 60  # only the kernel's limit is left
        begin = time.monotonic()
        assert "killed by signal" in program.run(b"").failed
        assert time.monotonic() - begin < 30


@strong
def test_tests_do_not_see_each_other(tier):
    leaves_a_daemon = """
import os, time
time.sleep(0.1)
others = []
for process in set(range(3, 99)) - {os.getpid()}:
    try:
        os.kill(process, 0)
        others.append(process)
    except OSError:
        pass
print(others)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
"""
    with running(leaves_a_daemon, LIMITS, tier) as program:
        assert [program.run(b"").value for _ in range(3)] == [b"[]\n"] * 3
    with running("n = 0\ndef f():\n    global n\n    n += 1\n    return n", LIMITS, tier, "f") as program:
        assert [program.call(()).value for _ in range(3)] == [1, 2, 3], "calls share a process while it lives"


@strong
def test_the_deadline_is_for_all_tests_together(tier):
    begin = time.monotonic()
    with running("import time\ntime.sleep(1.5)", Limits(seconds=4.0), tier) as program:
        assert program.run(b"").failed == ""
        assert program.run(b"").failed == ""
        with pytest.raises(TimeoutError):
            program.run(b"")
    assert 3.9 < time.monotonic() - begin < 10


@strong
def test_a_program_that_is_none_says_why(tier):
    for source, why in [
        ("def f(:", "SyntaxError"),
        ("print(1)\x00", "null bytes"),
        ("'\ud800'", "surrogates not allowed"),
    ]:
        with pytest.raises(ProgramBroken, match=why):
            Program(source, LIMITS, tier)


@strong
def test_a_test_sees_plain_values_and_builtin_errors_only(tier):
    source = """
class Five(int):
    def __eq__(self, other):
        return True
def f(n):
    if n:
        raise KeyError("k")
    return Five(5)
"""
    test = """
def check(candidate):
    assert type(candidate(0)) is int and candidate(0) != 6
    try:
        candidate(1)
    except KeyError:
        return
    assert False
"""
    assert checked(source, "", test, "f", LIMITS, tier) == ""
    assert "AssertionError: six" in checked(source, "", "def check(c):\n    assert c(0) == 6, 'six'", "f", LIMITS, tier)
    assert "NameError" in checked("x = 1", "", "def check(c):\n    c()", "f", LIMITS, tier)


@strong
def test_a_program_cannot_cut_a_test_short(tier):
    test = "def check(candidate):\n    assert list(map(candidate, [1, 2])) == []"
    assert "RuntimeError" in checked("def f(n):\n    raise StopIteration", "", test, "f", LIMITS, tier)


def test_the_probe_names_the_best_tier_and_why_better_ones_fail(monkeypatch):
    assert probe().tier in (*STRONG, Tier.LIMITS)
    monkeypatch.setattr(sandbox_bubblewrap, "find", lambda: None)
    assert "there is no bwrap program" in sandbox._reason_against(Tier.BUBBLEWRAP)
    monkeypatch.setattr(sandbox_bubblewrap, "find", lambda: "/bin/false")
    assert sandbox._reason_against(Tier.BUBBLEWRAP)
    reason = sandbox._reason_against(Tier.LIMITS)
    assert "a trial program reached the host's files, the host's processes" in reason
    assert "the network" in reason


def test_the_weakest_tier_is_refused_unless_it_is_allowed(monkeypatch):
    weak = Probed(
        Tier.LIMITS, {Tier.BUBBLEWRAP: "there is no bwrap program", Tier.NAMESPACES: "unshare: not permitted"}
    )
    monkeypatch.setattr(sandbox, "probe", lambda: weak)
    with pytest.raises(
        UserError, match=r"code/x: no sandbox works here .*no bwrap program; namespaces: unshare"
    ) as caught:
        tier_for("code/x", allow_weak=False)
    assert "\n" not in str(caught.value)
    assert tier_for("code/x", allow_weak=True) is Tier.LIMITS


def test_a_sandbox_that_cannot_start_is_no_verdict_on_the_program(monkeypatch):
    monkeypatch.setattr(sandbox_bubblewrap, "find", lambda: "/bin/false")
    with pytest.raises(SandboxFailed):
        Program("print(1)", LIMITS, Tier.BUBBLEWRAP)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_decides_as_it_says(machine):
    """The filter's own small machine, run here on calls that must pass or be refused."""
    rules = filter_program(machine)
    arch, clone, socket = {"x86_64": (0xC000003E, 56, 41), "aarch64": (0xC00000B7, 220, 198)}[machine]
    mount, read = {"x86_64": (165, 0), "aarch64": (40, 63)}[machine]

    def verdict(number: int, argument: int = 0, arch: int = arch) -> int:
        data = struct.pack("=IIQQ", number, arch, 0, argument)
        at, held = 0, 0
        while True:
            code, yes, no, value = struct.unpack_from("=HBBI", rules, 8 * at)
            at += 1
            if code == 0x06:
                return int(value)
            if code == 0x20:
                held = struct.unpack_from("=I", data, value)[0]
            else:
                held_true = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[code]
                at += yes if held_true else no

    allowed, refused = 0x7FFF0000, 0x00050000 | errno.EPERM
    assert verdict(read) == verdict(clone, 0x11) == verdict(socket, 1) == allowed
    assert verdict(mount) == verdict(clone, 0x10000000) == verdict(socket, 2) == verdict(425) == refused
    assert verdict(435) == 0x00050000 | errno.ENOSYS
    assert verdict(read, arch=1) == 0x80000000
    assert filter_program("riscv64") == b""


@pytest.mark.parametrize(
    ("uid_map", "number", "user"),
    [
        ("         0          0 4294967295\n", 5, FIRST + 5),
        ("0 100000 65536\n", 0, 65535),
        ("0 100000 65536\n", 5, 65530),
        ("0 100000 65536\n", 32768 + 5, 65530),
        ("0 1000 1\n1 100000 65536\n", 0, 65536),
        ("0 1000 1\n", 7, None),
    ],
)
def test_the_user_of_a_sandbox_exists_where_it_runs(uid_map, number, user):
    assert user_within(uid_map, number) == user


def test_starting_is_fast():
    """A quarter of what `benchmarks/sandbox.py` measures on a quiet machine, so that a busy one passes too."""
    tier = probe().tier
    with ThreadPoolExecutor(2) as threads:
        begin = time.monotonic()
        answers = list(threads.map(lambda number: said(tier, "print(input())", f"{number}\n"), range(40)))
        took = time.monotonic() - begin
    assert answers == [f"{number}\n" for number in range(40)]
    assert 40 / took >= 10


ORDINARY = r"""
import os, sys
from prorl.verify.programs import running
from prorl.verify.sandbox import Limits, Tier, _reason_against
source = "import os\nfor n in range(60):\n    if os.fork() == 0:\n        os.kill(os.getpid(), 19)"
for tier in (Tier.BUBBLEWRAP, Tier.NAMESPACES):
    with running(source, Limits(processes=16), tier) as program:
        print(tier, _reason_against(tier), program.run(b"").failed)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="as an ordinary user, all other tests show this")
def test_an_ordinary_user_has_the_same_sandbox():
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin")
    version = "import sys; sys.exit(sys.version_info < (3, 11))"
    if python is None or subprocess.run([python, "-c", version], check=False).returncode:
        pytest.skip("no Python that an ordinary user can run")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        package = Path(prorl.__file__).parent
        for part in ("__init__.py", "errors.py", "verify"):
            copy = shutil.copytree if (package / part).is_dir() else shutil.copy
            os.makedirs(f"{folder}/prorl", exist_ok=True)
            copy(package / part, f"{folder}/prorl/{part}")
        done = subprocess.run(
            [python, "-B", "-c", ORDINARY], cwd="/", env={"PYTHONPATH": folder, "PATH": os.defpath},
            user=65534, group=65534, extra_groups=[], capture_output=True, text=True, check=False,
        )  # fmt: skip
    held = "None BlockingIOError: [Errno 11] Resource temporarily unavailable"
    assert done.stdout.splitlines() == [f"{tier} {held}" for tier in STRONG], done.stderr
