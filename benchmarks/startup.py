"""How long a user waits before anything happens.

python benchmarks/startup.py
"""

from measure import costs

COMMANDS = {
    "toolkit --help": ["-m", "toolkit", "--help"],
    "import toolkit": ["-c", "import toolkit"],
    "python alone": ["-c", "pass"],
}
TARGETS = {"toolkit --help": 0.5, "import toolkit": 0.7}

if __name__ == "__main__":
    for name, cost in costs(COMMANDS, repeats=5).items():
        target = f"   target {TARGETS[name]:.1f} s" if name in TARGETS else ""
        print(f"{name:<16}{cost}{target}")
