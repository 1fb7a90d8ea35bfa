/* memcpy, memmove, memset, memcmp, strlen, strcmp, strchr and memchr of the C library, short and long.   strings ROUNDS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE = 1 << 16 };
static char a[SIZE + 64], b[SIZE + 64];

/* So that no compiler knows the lengths or drops a call. */
static size_t (*volatile length)(const char *) = strlen;
static int (*volatile compare)(const void *, const void *, size_t) = memcmp;
static int (*volatile compare_strings)(const char *, const char *) = strcmp;
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;
static void *(*volatile move)(void *, const void *, size_t) = memmove;
static void *(*volatile fill)(void *, int, size_t) = memset;
static void *(*volatile find)(const void *, int, size_t) = memchr;
static char *(*volatile find_string)(const char *, int) = strchr;

static const unsigned short sizes[] = {7, 24, 61, 200, 1000, 4096, 20000, 65000};

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    unsigned long sum = 0;
    for (int r = 0; r < rounds; r++) {
        for (unsigned k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            size_t n = sizes[k], shift = (size_t)(r + (int)k) % 17;
            fill(a + shift, 'a' + r % 20, n);
            a[shift + n] = 0;
            copy(b + 3, a + shift, n + 1);
            sum += length(b + 3);
            sum += (unsigned long)(compare(b + 3, a + shift, n) == 0);
            sum += (unsigned long)(compare_strings(b + 3, a + shift) == 0);
            move(b + 8, b + 3, n);
            b[8 + n] = 0;
            sum += length(b + 5);
            sum += (unsigned long)((char *)find(a + shift, 0, n + 1) - a);
            sum += (unsigned long)(find_string(b + 8, 'z') == NULL);
        }
    }
    printf("strings %lu\n", sum);
    return 0;
}
