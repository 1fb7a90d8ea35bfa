/* /proc/self's links. */
#include "guest.h"
#include <dirent.h>
#include <sys/eventfd.h>

static void link_text(const char *label, const char *path)
{
    char text[200];
    long n = readlink(path, text, sizeof text);
    printf("%s %.*s\n", label, (int)(n < 0 ? 0 : n), text);
    fflush(stdout);
}

int main(void)
{
    char text[200];
    link_text("exe", "/proc/self/exe");
    link_text("cwd", "/proc/self/cwd");
    link_text("root", "/proc/self/root");
    int fd = open("file", O_RDWR | O_CREAT, 0444);
    write(fd, "kept", 4);
    snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
    link_text("fd", text);
    unlink("file");
    link_text("deleted", text);
    int again = open(text, O_RDONLY);
    char kept[10] = {0};
    read(again, kept, 9);
    printf("through the link: %s\n", kept);
    write(again, "x", 1);
    printf("reopened for reading only: %s\n", strerrorname_np(errno));
    FILE *info = fopen("/proc/self/fdinfo/3", "r");
    fgets(text, sizeof text, info);
    printf("fdinfo %s", text);
    printf("pid %d\n", getpid());
    fclose(info);
    close(again);
    dup2(fd, 5);
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *e;
    printf("descriptors");
    while ((e = readdir(dir)))
        if (e->d_name[0] != '.' && atoi(e->d_name) != dirfd(dir))
            printf(" %s", e->d_name);
    puts("");
    closedir(dir);
    open("/proc/77/stat", O_RDONLY);
    printf("other %s\n", strerrorname_np(errno));
    int event = eventfd(0, 0);
    snprintf(text, sizeof text, "/proc/self/fd/%d", event);
    link_text("eventfd", text);
    open(text, O_RDONLY);
    printf("open eventfd %s\n", strerrorname_np(errno));
    setuid(1000);
    open("/proc/self/stat", O_WRONLY);
    printf("readonly %s\n", strerrorname_np(errno));
    return 0;
}
