/* What processes share and lock, and what they may say about themselves. */
#include "guest.h"
#include <linux/kcmp.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

static long kcmp(pid_t a, pid_t b, int type, long x, long y)
{
    return syscall(SYS_kcmp, a, b, type, x, y);
}

static int lock(int fd, int at, int command)
{
    struct flock l = {F_WRLCK, SEEK_SET, at, 1, 0};
    return fcntl(fd, command, &l);
}

int main(void)
{
    int fd = open("file", O_RDWR | O_CREAT, 0644), copy = dup(fd), other = open("file", O_RDWR), ready[2], status;
    pid_t self = getpid();
    SHOW(kcmp(self, self, KCMP_FILE, fd, copy));
    SHOW(kcmp(self, self, KCMP_FILE, fd, other) > 0);
    SHOW(kcmp(self, self, KCMP_FILE, fd, 99));
    SHOW(kcmp(self, self, 99, 0, 0));
    SHOW(kcmp(self, 4000000, KCMP_VM, 0, 0));
    pipe(ready);
    SHOW(lock(fd, 0, F_SETLK));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        lock(fd, 1, F_SETLK);
        write(ready[1], "x", 1);
        _exit(lock(fd, 0, F_SETLKW) ? errno : 0); /* waits for the parent */
    }
    read(ready[0], &status, 1);
    usleep(50000);
    SHOW(kcmp(self, child, KCMP_VM, 0, 0) > 0);
    SHOW(kcmp(self, child, KCMP_FILE, fd, fd));
    SHOW(lock(fd, 1, F_SETLKW)); /* each would wait for the other */
    close(copy); /* drops the locks */
    wait(&status);
    SHOW(WEXITSTATUS(status));

    SHOW(syscall(SYS_ioprio_set, 1, 0, 2 << 13 | 6));
    SHOW(syscall(SYS_ioprio_get, 1, 0) == (2 << 13 | 6));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 7 << 13));
    SHOW(syscall(SYS_ioprio_set, 1, 4000000, 2 << 13));
    SHOW(syscall(SYS_ioprio_get, 9, 0));
    SHOW(syscall(SYS_ioprio_set, 1, 0, 0));
    SHOW(syscall(SYS_ioprio_get, 1, 0));
    SHOW(syscall(SYS_reboot, 1, 2, 3, 0));
    int big[2];
    pipe(big);
    static char bytes[200000] __attribute__((aligned(4096)));
    struct iovec v = {bytes, sizeof bytes};
    SHOW(vmsplice(big[1], &v, 1, 0)); /* as much as fits */
    SHOW(vmsplice(big[1], &v, 1, SPLICE_F_NONBLOCK));
    int null = open("/dev/null", O_RDWR);
    SHOW(sync_file_range(null, 0, 1, 0));
    SHOW(prctl(PR_SET_KEEPCAPS, 2));
    SHOW(prctl(PR_SET_KEEPCAPS, 1));
    SHOW(prctl(PR_GET_KEEPCAPS));
    SHOW(prctl(PR_GET_SECUREBITS));
    SHOW(prctl(PR_CAP_AMBIENT, 9, 0, 0, 0));
    SHOW(prctl(PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0));
    char text[4096];
    mkdir("jail", 0755);
    SHOW(chroot("jail"));
    SHOW(syscall(SYS_getcwd, text, sizeof text) > 0);
    printf("%.13s\n", text);
    SHOW(chdir("jail"));
    SHOW(syscall(SYS_getcwd, text, sizeof text));
    printf("%s\n", text);
    fflush(stdout);
    child = fork();
    if (child == 0) { /* root's */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        usleep(500000);
        _exit(0);
    }
    unsigned long cpus = 1;
    SHOW(syscall(SYS_sched_setaffinity, child, sizeof cpus, &cpus) == 0);
    SHOW(setuid(1000));
    SHOW(syscall(SYS_sched_setaffinity, child, sizeof cpus, &cpus));
    SHOW(prctl(PR_SET_SECUREBITS, 0)); /* CAP_SETPCAP is permitted still, but not in effect */
    return 0;
}
