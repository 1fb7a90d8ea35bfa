"""re: the lines of a server's log taken apart, words counted, text replaced."""

import random
import re

LINE = re.compile(
    r"(?P<host>\d{1,3}(?:\.\d{1,3}){3}) - (?P<user>\w+|-) \[(?P<when>[^\]]+)\] "
    r'"(?P<verb>GET|POST|PUT) (?P<path>/[^ ?]*)(?:\?(?P<query>\S*))? HTTP/1\.[01]" (?P<status>\d{3}) (?P<size>\d+|-)'
)
WORD = re.compile(r"\b[a-z]+(?:ing|ed|s)\b", re.IGNORECASE)
SPACE = re.compile(r"\s*([,;&=])\s*")
PATHS = (
    "/",
    "/index.html",
    "/images/logos/small.png",
    "/search",
    "/accounts/settings/changed",
    "/reading/lists",
)


def log(rng, count):
    for _ in range(count):
        host = ".".join(str(rng.randrange(256)) for _ in range(4))
        user = rng.choice(("-", "sam", "alex", "root"))
        verb, path, status = rng.choice(("GET", "POST")), rng.choice(PATHS), rng.choice((200, 200, 304, 404))
        if rng.random() < 0.3:
            path += f"?q={rng.randrange(10**6)};page={rng.randrange(99)}"
        when = f"{rng.randrange(1, 29):02}/Nov/2024:10:{rng.randrange(60):02}:00"
        size = rng.choice(("-", str(rng.randrange(10**5))))
        yield f'{host} - {user} [{when}] "{verb} {path} HTTP/1.1" {status} {size}'


def run(size):
    lines = list(log(random.Random(3), 200))
    text = "\n".join(lines)
    total = 0
    for k in range(size):
        for line in lines:
            found = LINE.match(line)
            total += len(found["path"]) + int(found["status"])
        total += len(WORD.findall(text))
        total += len(SPACE.sub(r" \1 ", text)) + k
        total += len(text.split()) + len(re.split(r"[/.]", text))
    return total
