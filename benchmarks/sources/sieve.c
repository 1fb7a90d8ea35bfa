/* The sieve of Eratosthenes over one byte for each number: integer loops over memory.   sieve ROUNDS */
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT = 100000 };
static unsigned char composite[LIMIT + 1];

static int primes(void)
{
    int count = 0;
    for (int i = 0; i <= LIMIT; i++)
        composite[i] = 0;
    for (int i = 2; i <= LIMIT; i++) {
        if (composite[i])
            continue;
        count++;
        for (long k = (long)i * i; k <= LIMIT; k += i)
            composite[k] = 1;
    }
    return count;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    long sum = 0;
    for (int i = 0; i < rounds; i++)
        sum += primes() ^ composite[i % LIMIT];
    printf("sieve %ld\n", sum);
    return 0;
}
