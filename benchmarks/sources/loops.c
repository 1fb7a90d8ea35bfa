/* Loops over arrays, of bytes to longs: what vectors are made for.   loops ROUNDS */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 20000 };
static uint8_t bytes[3][SIZE];
static int16_t shorts[SIZE];
static unsigned ints[2][SIZE];
static int64_t longs[SIZE];

#define OUT_OF_LINE __attribute__((noinline))

OUT_OF_LINE static void mask(uint8_t *to, const uint8_t *key, long n)
{
    for (long i = 0; i < n; i++)
        to[i] ^= key[i];
}

OUT_OF_LINE static void blend(uint8_t *to, const uint8_t *a, const uint8_t *b, int share, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (a[i] * share + b[i] * (256 - share)) >> 8;
}

OUT_OF_LINE static void scale(unsigned *to, const unsigned *from, unsigned by, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = from[i] * by + 1;
}

OUT_OF_LINE static void narrow(int16_t *to, const unsigned *from, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (int)from[i] >> 3;
}

OUT_OF_LINE static void fill(unsigned *to, unsigned value, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = value;
}

OUT_OF_LINE static int64_t sum(const int64_t *from, int n)
{
    int64_t total = 0;
    for (int i = 0; i < n; i++)
        total += from[i];
    return total;
}

OUT_OF_LINE static int sum_of_bytes(const uint8_t *from, int n)
{
    int total = 0;
    for (int i = 0; i < n; i++)
        total += from[i];
    return total;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    for (int i = 0; i < SIZE; i++) {
        bytes[0][i] = i * 7;
        bytes[1][i] = i >> 3;
        longs[i] = i * INT64_C(12345678901);
        ints[0][i] = i * 65537;
    }
    int64_t total = 0;
    for (int r = 0; r < rounds; r++) {
        mask(bytes[0], bytes[1], SIZE - r % 9);
        blend(bytes[2], bytes[0], bytes[1], r & 255, SIZE);
        scale(ints[1], ints[0], r, SIZE);
        narrow(shorts, ints[1], SIZE);
        fill(ints[1], r, r % SIZE);
        total += sum(longs, SIZE - r % 7) + sum_of_bytes(bytes[2], SIZE) + shorts[r % SIZE] + ints[1][r % 50];
    }
    printf("loops %lld\n", (long long)total);
    return 0;
}
