/* Addresses where nothing is, and when a call looks at them. */
#include "guest.h"
#include <sys/time.h>
#include <time.h>

static void nothing(int signal)
{
    (void)signal;
}

int main(void)
{
    signal(SIGALRM, nothing); /* the rest of an interrupted sleep */
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 20000}}, NULL);
    SHOW(syscall(SYS_nanosleep, &(struct timespec){5, 0}, 8));
    return 0;
}
