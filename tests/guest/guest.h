/* What the guest programs share: SHOW(call) prints the call as it is written and its result or error. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static void show(const char *call, long result)
{
    int error = errno;
    if (result == -1)
        printf("%s: %s\n", call, strerrorname_np(error));
    else
        printf("%s = %ld\n", call, result);
    fflush(stdout);
}

#define SHOW(call) (errno = 0, show(#call, (long)(call)))

/* Where the result itself is no business of the test (an inode number, a clock). */
#define OK(call) (errno = 0, show(#call, (long)(call) == -1 ? -1 : 0))

static inline int make(const char *name, const char *text)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        perror(name);
        exit(99);
    }
    close(fd);
    return 0;
}

static inline void show_file(const char *name)
{
    char text[4096];
    int fd = open(name, O_RDONLY);
    long n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (n < 0) {
        printf("%s: %s\n", name, strerrorname_np(errno));
    } else {
        text[n] = 0;
        printf("%s: %ld bytes '", name, n);
        for (long i = 0; i < n && i < 64; i++)
            putchar(text[i] ? text[i] : '.');
        printf("'\n");
    }
    fflush(stdout);
    if (fd >= 0)
        close(fd);
}
