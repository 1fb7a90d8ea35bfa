/* Fill memory, then wait for a line: touch MEBIBYTES
 *
 * Every page gets content of its own, so that a snapshot taken at the read has to keep all of it.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    size_t nbytes = (size_t)(argc > 1 ? atoi(argv[1]) : 1) << 20;
    volatile uint64_t *words = malloc(nbytes);
    if (!words)
        return 1;
    uint64_t value = 0x9E3779B97F4A7C15;
    for (size_t i = 0; i < nbytes / sizeof *words; i += 16) { /* 128 bytes */
        value = value * 6364136223846793005 + 1442695040888963407;
        words[i] = value;
    }
    char line[16];
    if (read(0, line, sizeof line) < 0)
        return 1;
    printf("%zu MiB\n", nbytes >> 20);
    return 0;
}
