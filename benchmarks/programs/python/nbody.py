"""Floating point and attributes: a sun and its planets that attract each other, in steps of a fixed time."""

STEP = 0.01


class Body:
    def __init__(self, mass, place, speed):
        self.mass = mass
        self.x, self.y, self.z = place
        self.vx, self.vy, self.vz = speed


def system():
    bodies = [Body(40.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))]
    for k in range(1, 5):
        distance = 1.5 + 2.7 * k
        speed = (40.0 / distance) ** 0.5
        bodies.append(Body(0.03 / k, (distance, 0.1 * k, -0.05 * k), (0.01 * k, speed, 0.02)))
    return bodies


def advance(bodies, pairs):
    for a, b in pairs:
        dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
        square = dx * dx + dy * dy + dz * dz
        pull = STEP / (square * square**0.5)
        of_a, of_b = a.mass * pull, b.mass * pull
        a.vx -= dx * of_b
        a.vy -= dy * of_b
        a.vz -= dz * of_b
        b.vx += dx * of_a
        b.vy += dy * of_a
        b.vz += dz * of_a
    for body in bodies:
        body.x += STEP * body.vx
        body.y += STEP * body.vy
        body.z += STEP * body.vz


def energy(bodies, pairs):
    total = sum(body.mass * (body.vx**2 + body.vy**2 + body.vz**2) / 2 for body in bodies)
    for a, b in pairs:
        total -= a.mass * b.mass / ((a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2) ** 0.5
    return total


def run(size):
    bodies = system()
    pairs = [(a, b) for k, a in enumerate(bodies) for b in bodies[k + 1 :]]
    for _ in range(size):
        advance(bodies, pairs)
    return repr(energy(bodies, pairs))
