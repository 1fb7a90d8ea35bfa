/* What a process may set about itself by writing into /proc/self. */
#include "guest.h"
#include <sys/wait.h>

static long put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    long n = fd < 0 ? -1 : write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return n;
}

int main(void)
{
    SHOW(put("/proc/self/oom_score_adj", "500"));
    show_file("/proc/self/oom_score_adj");
    SHOW(put("/proc/self/oom_score_adj", "1001"));
    SHOW(put("/proc/self/oom_score_adj", "much"));
    SHOW(put("/proc/self/oom_score_adj", " 600\n"));
    if (fork() == 0) {
        show_file("/proc/self/oom_score_adj");
        return 0;
    }
    wait(NULL);
    SHOW(setuid(1000));
    SHOW(put("/proc/self/oom_score_adj", "700"));
    return 0;
}
