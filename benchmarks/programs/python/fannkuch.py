"""Lists and small integers: how often a permutation's head must be reversed until a 1 leads, over all of n numbers."""


def flips(order):
    count = 0
    head = order[0]
    while head:
        order[: head + 1] = order[head::-1]
        count += 1
        head = order[0]
    return count


def run(size):
    order, turns = list(range(size)), [0] * size
    most = total = number = 0
    while True:
        if order[0]:
            count = flips(order[:])
            most = max(most, count)
            total += -count if number & 1 else count
        number += 1
        at = 1
        while at < size:  # the next permutation: turn ever longer heads of it to the left
            order.insert(at, order.pop(0))
            turns[at] += 1
            if turns[at] <= at:
                break
            turns[at] = 0
            at += 1
        else:
            return f"{total}/{most}"
