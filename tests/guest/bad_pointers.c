/* Addresses where nothing is, and when a call looks at them. */
#include "guest.h"
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static void nothing(int signal)
{
    (void)signal;
}

int main(void)
{
    signal(SIGALRM, nothing); /* the rest of an interrupted sleep */
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 20000}, {0, 20000}}, NULL);
    SHOW(syscall(SYS_nanosleep, &(struct timespec){5, 0}, 8));
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    SHOW(munmap(NULL, 0x10000)); /* nothing is there */
    if (syscall(SYS_clone, 88, 0, 0, 0, 0) == 0) /* no such signal: none is sent */
        _exit(0);
    SHOW(waitpid(-1, NULL, __WCLONE) > 0);
    return 0;
}
