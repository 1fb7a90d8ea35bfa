/* Nanoseconds of one system call: calls getpid|pread COUNT [FILE] */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    long count = atol(argv[2]);
    int reading = !strcmp(argv[1], "pread");
    int fd = reading ? open(argv[3], O_RDONLY) : -1;
    if (reading && fd < 0)
        return 1;
    static char buffer[4096];
    double start = now_ns();
    for (long i = 0; i < count; i++) {
        if (!reading)
            syscall(SYS_getpid);
        else if (pread(fd, buffer, sizeof buffer, (i & 15) * sizeof buffer) != sizeof buffer)
            return 1;
    }
    printf("%.1f\n", (now_ns() - start) / count);
    return 0;
}
