// What later versions bring is refused with the errno that a program expects to handle.
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(const char *what, long result) {
    int error = result == -1 ? errno : result < 0 ? (int)-result : (int)result;
    printf("%s: %s\n", what, result == 0 ? "done" : strerrorname_np(error));
    fflush(stdout);
}

int main(void) {
    report("socket bluetooth", socket(AF_BLUETOOTH, SOCK_STREAM, 0));
    report("socket raw", socket(AF_INET, SOCK_RAW, 1));
    report("wait", wait(NULL));
    report("waitid", waitid(P_ALL, 0, NULL, WEXITED));
    report("kill", kill(12345, SIGTERM));
    report("ptrace", ptrace(PTRACE_ATTACH, 12345, NULL, NULL));
    report("io_uring_setup", syscall(SYS_io_uring_setup, 8, NULL));
    report("bpf", syscall(SYS_bpf, 0, NULL, 0));
    report("unknown", syscall(1000));
    report("unknown", syscall(1000));
    report("negative", syscall(-1));
    return 0;
}
