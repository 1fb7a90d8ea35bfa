"""json: documents of many kinds of values, written and read."""

import json
import random


def document(rng, depth=0):
    kind = rng.random()
    if depth < 4 and kind < 0.35:
        return {f"{rng.choice(WORDS)}{k}": document(rng, depth + 1) for k in range(rng.randrange(2, 8))}
    if depth < 4 and kind < 0.55:
        return [document(rng, depth + 1) for _ in range(rng.randrange(2, 8))]
    return rng.choice(
        (
            rng.randrange(10**9),
            rng.random(),
            rng.choice((True, False, None)),
            " ".join(rng.choices(WORDS, k=6)),
            'a "quoted" line\nwith \u00fcmlauts \u2013 and \\ escapes',
        )
    )


WORDS = [
    "bundle",
    "chunk",
    "digest",
    "layer",
    "mount",
    "page",
    "queue",
    "record",
    "signal",
    "table",
    "window",
    "zone",
]


def run(size):
    rng = random.Random(20)
    documents = [[document(rng, 1) for _ in range(20)] for _ in range(5)]
    written = 0
    for k in range(size):
        text = json.dumps(documents[k % 5], sort_keys=k % 2 == 0, indent=2 if k % 10 == 0 else None)
        written += len(text)
        assert json.loads(text) == documents[k % 5]
    return written
