/* A task that asks again and again, by calls that do not wait, for what another one does. */
#include "guest.h"
#include <sys/wait.h>

int main(void)
{
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 2000; i++)
            getppid();
        make("answer", "yes");
        _exit(0);
    }
    while (access("answer", F_OK) != 0)
        ;
    SHOW(access("answer", F_OK));
    SHOW(waitpid(child, NULL, 0) == child);
    return 0;
}
