/* A small stack machine in one loop around a switch, as interpreters have it.   bytecode ROUNDS */
#include <stdio.h>
#include <stdlib.h>

enum op { PUSH, LOAD, STORE, ADD, SUB, MUL, AND, XOR, SHIFT, LESS, JUMP_IF, JUMP, DUP, DROP, MODULO, HALT };

/* x = seed; for (i = 0; i < count; i++) { x = (x * 3 + i) ^ (x >> 3); x %= 1000003; if (x & 1) x -= i & 15; } */
static const int code[] = {
    LOAD, 2, LOAD, 1, LESS, JUMP_IF, 10, JUMP, 57, HALT,
    LOAD, 0, PUSH, 3, MUL, LOAD, 2, ADD, LOAD, 0,
    PUSH, 3, SHIFT, XOR, PUSH, 1000003, MODULO, DUP, STORE, 0,
    PUSH, 1, AND, JUMP_IF, 38, JUMP, 48, HALT,
    LOAD, 0, LOAD, 2, PUSH, 15, AND, SUB, STORE, 0,
    LOAD, 2, PUSH, 1, ADD, STORE, 2, JUMP, 0, HALT,
};

static long execute(long seed, long count)
{
    long stack[16], variables[3] = {seed, count, 0};
    long *sp = stack;
    const int *pc = code;
    *sp = 0;
    for (;;) {
        switch (*pc++) {
        case PUSH: *++sp = *pc++; break;
        case LOAD: *++sp = variables[*pc++]; break;
        case STORE: variables[*pc++] = *sp--; break;
        case ADD: sp--; sp[0] += sp[1]; break;
        case SUB: sp--; sp[0] -= sp[1]; break;
        case MUL: sp--; sp[0] *= sp[1]; break;
        case AND: sp--; sp[0] &= sp[1]; break;
        case XOR: sp--; sp[0] ^= sp[1]; break;
        case SHIFT: sp--; sp[0] >>= sp[1]; break;
        case MODULO: sp--; sp[0] %= sp[1]; break;
        case LESS: sp--; sp[0] = sp[0] < sp[1]; break;
        case JUMP_IF: pc = *sp-- ? code + *pc : pc + 1; break;
        case JUMP: pc = code + *pc; break;
        case DUP: sp++; sp[0] = sp[-1]; break;
        case DROP: sp--; break;
        case HALT: return variables[0];
        }
    }
}

int main(int argc, char **argv)
{
    long rounds = argc > 1 ? atol(argv[1]) : 1;
    printf("bytecode %ld\n", execute(12345, rounds * 1000));
    return 0;
}
