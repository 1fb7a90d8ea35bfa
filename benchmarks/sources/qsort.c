/* Sorting with a comparison and a swap behind pointers, as qsort(3) has it: indirect calls.   qsort ROUNDS */
#include <stdio.h>
#include <stdlib.h>

typedef int (*compare_fn)(const void *, const void *);
typedef void (*swap_fn)(void *, void *);

enum { N = 20000 };
static int numbers[N];

static int by_value(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

static int by_low_bits(const void *a, const void *b)
{
    int x = *(const int *)a & 0xFFFF, y = *(const int *)b & 0xFFFF;
    return x != y ? (x > y) - (x < y) : by_value(a, b);
}

static void swap_int(void *a, void *b)
{
    int t = *(int *)a;
    *(int *)a = *(int *)b;
    *(int *)b = t;
}

static void sort(char *base, long n, long size, compare_fn compare, swap_fn swap)
{
    while (n > 1) {
        char *pivot = base + n / 2 * size, *low = base, *high = base + (n - 1) * size;
        for (;;) {
            while (compare(low, pivot) < 0)
                low += size;
            while (compare(pivot, high) < 0)
                high -= size;
            if (low >= high)
                break;
            swap(low, high);
            if (pivot == low)
                pivot = high;
            else if (pivot == high)
                pivot = low;
            low += size;
            high -= size;
        }
        long left = (low - base) / size;
        if (left == 0)
            left = 1;
        sort(base, left, size, compare, swap);
        base += left * size;
        n -= left;
    }
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    unsigned sum = 0, seed = 1;
    compare_fn volatile compare[2] = {by_value, by_low_bits};
    swap_fn volatile swap = swap_int;
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i < N; i++) {
            seed = seed * 1103515245u + 12345u;
            numbers[i] = (int)(seed >> 4);
        }
        sort((char *)numbers, N, sizeof *numbers, compare[r % 2], swap);
        for (int i = 1; i < N; i++)
            if (compare[r % 2](&numbers[i - 1], &numbers[i]) > 0)
                return 1;
        sum = sum * 31 + (unsigned)numbers[r % N];
    }
    printf("qsort %u\n", sum);
    return 0;
}
