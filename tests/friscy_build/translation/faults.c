/* Faults some calls deep.   faults HOW: in a leaf, in what is written in its caller's place, through a pointer. */
#include <stdio.h>
#include <string.h>

struct pair { long first, second; };

__attribute__((noinline)) long sum(long *numbers, long count)
{
    long total = 0;
    for (long k = 0; k < count; k++)
        total += numbers[512 * k];
    return total;
}

__attribute__((noinline)) long second(struct pair *pair) { return pair->second; }

__attribute__((noinline)) void put(char *place, int value) { *place = value; }

__attribute__((noinline)) long middle(const char *how, void *place, long (*by)(struct pair *))
{
    if (!strcmp(how, "leaf"))
        return sum(place, 3) * 3 + 1;
    if (!strcmp(how, "short"))
        return second(place) * 3 + 1;
    if (!strcmp(how, "pointer"))
        return by(place) * 3 + 1;
    put(place, 1);
    return 1;
}

__attribute__((noinline)) long outer(const char *how, void *place)
{
    long total = 0;
    static long numbers[4096];
    for (int k = 0; k < 3; k++)
        total += middle(how, numbers, second);
    printf("%ld\n", total);
    fflush(stdout);
    return total + middle(how, place, second);
}

int main(int argc, char **argv) { return outer(argv[1], (void *)(argc == 2 ? 0x10L : 0x50000000L)); }
