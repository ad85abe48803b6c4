"""What the hostile programs do; each prints what it achieved. {...} is filled in by the test."""

from __future__ import annotations

SPY = """
seen = []
for path in {paths!r}:
    try:
        there = os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(8)
        seen += [path + " " + repr(there)] if there else []
    except OSError:
        pass
for top, folders, files in os.walk("/"):
    skipped = ("/proc", "/sys", "/usr", "/opt")
    folders[:] = [f for f in folders if os.path.join(top, f) not in skipped]
    seen += [os.path.join(top, f) for f in files if f.endswith((".yuv", ".rgb", ".y4m"))]
    seen += [os.path.join(top, f) for f in files if f in ("diary", "loot")]
print("seen", sorted(set(seen)))
print("descriptors", sorted(int(n) for n in os.listdir("/proc/self/fd"))[:-1])
print("environment", sorted(os.environ))
print("folder", sorted(os.listdir(".")))
sys.exit("spied")
"""

VANDAL = """
done = []
for path in {paths!r}:
    try:
        open(path, "w").write("vandal")
        done.append(path)
    except OSError:
        pass
print("written", done)
sys.exit("tried")
"""

SMUGGLER = """
data = open(sys.argv[1], "rb").read()
for folder in ("/tmp", "/dev/shm", os.environ.get("HOME", "/"), os.path.dirname(sys.argv[0])):
    try:
        open(folder + "/loot", "wb").write(data)
    except OSError:
        pass
open(sys.argv[2], "wb").write(data[:64])
"""

INTRUDER = """
others = [int(n) for n in os.listdir("/proc") if n.isdigit() and int(n) != os.getpid()]
reached = []
for pid in {processes!r}:
    try:
        os.kill(pid, 0)
        reached.append(pid)
    except OSError:
        pass
print("processes", len(others), "reached", reached)
sys.exit("looked")
"""

CALLER = """
for family, address in ((socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_UNIX, {path!r})):
    try:
        line = socket.socket(family)
        line.settimeout(5)
        line.connect(address)
        print("connected", address)
    except OSError as problem:
        print("refused", problem)
try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9))
    print("sent")
except OSError as problem:
    print("unreachable", problem)
sys.exit("called")
"""

LINKER = "os.symlink({secret!r}, sys.argv[2])"
PIPER = "os.mkfifo(sys.argv[2])"
TWINNER = "os.link(sys.argv[1], sys.argv[2])"
FOLDERER = "os.mkdir(sys.argv[2])"

FILLER = """
for i in range(10000):
    open("f%d" % i, "wb").write(bytes(1 << 20))
    time.sleep(0.002)
"""
GHOST_FILLER = """
held = []
for i in range(900):
    file = open("ghost", "wb")
    os.unlink("ghost")
    file.write(bytes(1 << 20))
    file.flush()
    held.append(file)
    time.sleep(0.002)
time.sleep(60)
"""
HUGE_FILE = """
with open("huge", "wb") as file:
    while True:
        file.write(bytes(1 << 20))
"""
CHATTERER = """
while True:
    sys.stdout.write("blah " * 100000)
"""
HOARDER = """
held = []
while True:
    held.append(bytearray(os.urandom(1 << 20)) * 8)
"""
BURNER = """
while True:
    pass
"""
FORKER = """
for i in range(2000):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""
DIGGER = """
for i in range(300):
    os.mkdir("d")
    os.chdir("d")
open("deep", "w").write("x")
os.chmod(".", 0)
time.sleep(60)
"""
LEAVER = (
    """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        marker = {marker!r}
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300) # " + marker])
    os._exit(0)
"""
    + """
open(sys.argv[2], "wb").write(b"0" * 1536)
time.sleep(0.3)
"""
)
PAINTER = 'sys.exit("\\x1b[2J\\x1b]0;owned\\x07 gone\\u202e wrong")'
