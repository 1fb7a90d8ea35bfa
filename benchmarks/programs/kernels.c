/* Small loops that each lean on one thing. `kernels NAME ROUNDS` prints a checksum. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t sieve(int rounds)
{
    enum { SIZE = 1 << 20 };
    static unsigned char composite[SIZE];
    uint32_t count = 0;
    for (int round = 0; round < rounds; round++) {
        memset(composite, 0, SIZE);
        for (uint32_t i = 2; i < SIZE; i++) {
            if (composite[i])
                continue;
            count++;
            for (uint32_t k = i + i; k < SIZE; k += i)
                composite[k] = 1;
        }
    }
    return count;
}

static __attribute__((noinline)) int fib(int n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = **(uint32_t *const *)a, y = **(uint32_t *const *)b;
    return x < y ? -1 : x > y;
}

static void sort(void **items, int low, int high, int (*compare)(const void *, const void *))
{
    while (low < high) {
        void *pivot = items[(low + high) / 2];
        int i = low, k = high;
        while (i <= k) {
            while (compare(&items[i], &pivot) < 0)
                i++;
            while (compare(&items[k], &pivot) > 0)
                k--;
            if (i <= k) {
                void *swapped = items[i];
                items[i++] = items[k];
                items[k--] = swapped;
            }
        }
        sort(items, low, k, compare);
        low = i;
    }
}

static uint32_t quicksort(int rounds)
{
    enum { COUNT = 100000 };
    static uint32_t values[COUNT];
    static void *items[COUNT];
    uint32_t state = 1, result = 0;
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < COUNT; i++) {
            state = state * 1664525 + 1013904223;
            values[i] = state >> 4;
            items[i] = &values[i];
        }
        sort(items, 0, COUNT - 1, by_value);
        result += *(uint32_t *)items[COUNT / 2];
    }
    return result;
}

struct body {
    double x, y, z, vx, vy, vz, mass;
};

static uint32_t nbody(int rounds)
{
    struct body bodies[5] = {
        { 0, 0, 0, 0, 0, 0, 39.47 },
        { 4.84, -1.16, -0.10, 0.60, 2.81, -0.02, 0.037 },
        { 8.34, 4.12, -0.40, -1.01, 1.82, 0.008, 0.011 },
        { 12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017 },
        { 15.37, -25.91, 0.17, 0.97, 0.59, -0.03, 0.002 },
    };
    for (int round = 0; round < rounds * 10000; round++) {
        for (int i = 0; i < 5; i++) {
            for (int k = i + 1; k < 5; k++) {
                double dx = bodies[i].x - bodies[k].x, dy = bodies[i].y - bodies[k].y, dz = bodies[i].z - bodies[k].z;
                double square = dx * dx + dy * dy + dz * dz;
                double pull = 0.001 / (square * sqrt(square));
                bodies[i].vx -= dx * bodies[k].mass * pull;
                bodies[i].vy -= dy * bodies[k].mass * pull;
                bodies[i].vz -= dz * bodies[k].mass * pull;
                bodies[k].vx += dx * bodies[i].mass * pull;
                bodies[k].vy += dy * bodies[i].mass * pull;
                bodies[k].vz += dz * bodies[i].mass * pull;
            }
        }
        for (int i = 0; i < 5; i++) {
            bodies[i].x += 0.001 * bodies[i].vx;
            bodies[i].y += 0.001 * bodies[i].vy;
            bodies[i].z += 0.001 * bodies[i].vz;
        }
    }
    return (uint32_t)(int64_t)(bodies[0].x * 1e6);
}

static uint32_t copy(int rounds)
{
    static char from[1 << 16], to[1 << 16];
    uint32_t result = 0;
    memset(from, 'x', sizeof from - 1);
    for (int round = 0; round < rounds * 100; round++) {
        from[round & 0xff] = 'y';
        memcpy(to, from, sizeof to);
        result += (uint32_t)strlen(to);
        from[round & 0xff] = 'z';
    }
    return result;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "fib";
    int rounds = argc > 2 ? atoi(argv[2]) : 1;
    uint32_t result = 0;
    if (!strcmp(name, "sieve"))
        result = sieve(rounds);
    else if (!strcmp(name, "fib"))
        for (int i = 0; i < rounds; i++)
            result += (uint32_t)fib(27);
    else if (!strcmp(name, "qsort"))
        result = quicksort(rounds);
    else if (!strcmp(name, "nbody"))
        result = nbody(rounds);
    else if (!strcmp(name, "copy"))
        result = copy(rounds);
    printf("%s %08x\n", name, result);
    return 0;
}
