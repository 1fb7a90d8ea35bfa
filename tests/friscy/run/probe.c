/* The guest of the run tests: does what its first argument says. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
extern uintptr_t __stack_chk_guard;

static void say_environment(void) {
    char cwd[4096];
    for (char **e = environ; *e; e++) printf("env %s\n", *e);
    printf("cwd %s\nuid %d gid %d\n", getcwd(cwd, sizeof cwd), getuid(), getgid());
}

static void say_secrets(void) {
    const uint64_t *at_random = (const uint64_t *)getauxval(AT_RANDOM);
    uint64_t fresh;
    if (getrandom(&fresh, sizeof fresh, 0) != sizeof fresh) exit(9);
    printf("at_random %016llx\n", (unsigned long long)at_random[0]);
    printf("getrandom %016llx\n", (unsigned long long)fresh);
    printf("guard %016llx\n", (unsigned long long)__stack_chk_guard);
    printf("execfn %s\n", (char *)getauxval(AT_EXECFN));
}

static void say_times(void) {
    struct timespec real, monotonic;
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    printf("realtime %lld\nmonotonic %lld\n", (long long)real.tv_sec, (long long)monotonic.tv_sec);
}

static volatile sig_atomic_t caught;
static void on_signal(int number) { caught = number; }

static void __attribute__((noinline)) guarded(const char *text) {
    char copy[64];
    strncpy(copy, text, sizeof copy - 1);
    copy[63] = 0;
    printf("guarded %s\n", copy);
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "args";
    if (!strcmp(what, "args")) {
        for (int i = 0; i < argc; i++) printf("arg %d [%s]\n", i, argv[i]);
        guarded(argv[argc - 1]);
    } else if (!strcmp(what, "environment")) {
        say_environment();
    } else if (!strcmp(what, "secrets")) {
        say_secrets();
    } else if (!strcmp(what, "times")) {
        say_times();
    } else if (!strcmp(what, "cat")) {
        char buffer[512];
        ssize_t n;
        while ((n = read(0, buffer, sizeof buffer)) > 0)
            if (write(1, buffer, n) != n) return 3;
        return n < 0 ? 4 : 0;
    } else if (!strcmp(what, "exit")) {
        return atoi(argv[2]);
    } else if (!strcmp(what, "kill")) {
        kill(getpid(), atoi(argv[2]));
        pause();
    } else if (!strcmp(what, "null")) {
        *(volatile int *)0 = 1;
    } else if (!strcmp(what, "wild")) {
        return *(volatile int *)0x7654321000;
    } else if (!strcmp(what, "spin") || !strcmp(what, "wait")) {
        if (argc > 2) signal(atoi(argv[2]), on_signal);
        printf("ready\n");
        fflush(stdout);
        while (!caught)
            if (what[0] == 'w') pause();
        printf("caught %d\n", caught);
        return 7;
    } else if (!strcmp(what, "write")) {
        int fd = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0640);
        if (fd < 0 || dprintf(fd, "%s", argv[3]) < 0 || close(fd)) {
            perror(argv[2]);
            return 5;
        }
    } else if (!strcmp(what, "show")) {
        char buffer[512];
        int fd = open(argv[2], O_RDONLY);
        ssize_t n = fd < 0 ? -1 : read(fd, buffer, sizeof buffer);
        if (n < 0) {
            perror(argv[2]);
            return 5;
        }
        printf("%.*s", (int)n, buffer);
    } else if (!strcmp(what, "tty")) {
        for (int fd = 0; fd < 3; fd++) printf("isatty %d %d\n", fd, isatty(fd));
    } else if (!strcmp(what, "prompt")) {
        char line[64];
        int count = 0;
        printf("started\n");
        for (;;) {
            printf("%d> ", count++);
            fflush(stdout);
            if (!fgets(line, sizeof line, stdin)) break;
            printf("you said %s", line);
        }
        printf("bye\n");
    } else {
        fprintf(stderr, "what is %s?\n", what);
        return 2;
    }
    return 0;
}
