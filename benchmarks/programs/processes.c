/* What processes cost: processes pingpong COUNT | fork MIB COUNT. Prints microseconds of one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static int pingpong(long count)
{
    int there[2], back[2];
    char byte = 'x';
    if (pipe(there) || pipe(back))
        return 1;
    pid_t child = fork();
    if (child < 0)
        return 1;
    if (!child) {
        close(there[1]);
        while (read(there[0], &byte, 1) == 1)
            if (write(back[1], &byte, 1) != 1)
                _exit(1);
        _exit(0);
    }
    double start = now_us();
    for (long i = 0; i < count; i++)
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            return 1;
    printf("%.2f\n", (now_us() - start) / count);
    close(there[1]);
    return waitpid(child, NULL, 0) != child;
}

static int forks(long mib, long count)
{
    char *memory = malloc(mib << 20);
    if (!memory)
        return 1;
    memset(memory, 1, mib << 20);
    double in_fork = 0;
    for (long i = 0; i < count; i++) {
        double start = now_us();
        pid_t child = fork();
        if (!child)
            _exit(memory[i << 12] != 1);
        in_fork += now_us() - start;
        int status;
        if (waitpid(child, &status, 0) != child || status)
            return 1;
    }
    printf("%.2f\n", in_fork / count);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "pingpong"))
        return pingpong(atol(argv[2]));
    if (argc == 4 && !strcmp(argv[1], "fork"))
        return forks(atol(argv[2]), atol(argv[3]));
    return 2;
}
