/* A chained hash table with allocated nodes, and a walk through a shuffled list: pointers.   hashtable ROUNDS */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct node {
    struct node *next, *chain;
    uint32_t key, value;
};

enum { BUCKETS = 4096, KEYS = 10000 };
static struct node *table[BUCKETS];

static uint32_t mix(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352d;
    x ^= x >> 15;
    x *= 0x846ca68b;
    return x ^ x >> 16;
}

static struct node *look_up(uint32_t key)
{
    for (struct node *n = table[mix(key) % BUCKETS]; n; n = n->next)
        if (n->key == key)
            return n;
    return NULL;
}

static struct node *insert(uint32_t key, struct node *chain)
{
    struct node *n = malloc(sizeof *n), **slot = &table[mix(key) % BUCKETS];
    n->next = *slot;
    n->chain = chain;
    n->key = key;
    n->value = key;
    return *slot = n;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : 1;
    struct node *chain = NULL;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < KEYS; i++) {
        uint32_t key = mix(i) % (4 * KEYS);
        if (!look_up(key))
            chain = insert(key, chain);
    }
    for (int r = 0; r < rounds; r++) {
        for (uint32_t i = 0; i < 4 * KEYS; i += 3) {
            struct node *n = look_up(i);
            if (n)
                n->value += i;
        }
        for (struct node *n = chain; n; n = n->chain)
            sum = sum * 33 + n->value;
    }
    printf("hashtable %u\n", (unsigned)sum);
    return 0;
}
