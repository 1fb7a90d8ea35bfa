/* Reads every file there is and says which have one of the words in them. The words come with every byte one too high,
   so that the program's own arguments and memory do not. */
#include "guest.h"
#include <dirent.h>
#include <ftw.h>
#include <sys/utsname.h>

static char **words;
static int nfiles;

static int has(const char *data, long length, const char *word)
{
    long size = strlen(word);
    for (long at = 0; at + size <= length; at++) {
        long i = 0;
        while (i < size && data[at + i] == word[i] - 1)
            i++;
        if (i == size)
            return 1;
    }
    return 0;
}

static void look(const char *what, const char *data, long length)
{
    for (int i = 0; words[i]; i++)
        if (has(data, length, words[i]))
            printf("%s has word %d\n", what, i);
}

static int visit(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    static char data[1 << 18];
    look("a name", path, strlen(path));
    if (kind == FTW_SL) {
        long n = readlink(path, data, sizeof data);
        look(path, data, n);
    } else if (kind == FTW_F && S_ISREG(status->st_mode)) {
        int fd = open(path, O_RDONLY | O_NONBLOCK);
        long n = fd < 0 ? 0 : read(fd, data, sizeof data);
        nfiles += n > 0;
        if (n > 0)
            look(path, data, n);
        close(fd);
    }
    return 0;
}

int main(int argc, char **argv, char **env)
{
    words = argv + 1;
    for (int i = 0; env[i]; i++)
        look("the environment", env[i], strlen(env[i]));
    struct utsname name;
    uname(&name);
    look("uname", (char *)&name, sizeof name);
    nftw("/", visit, 20, FTW_PHYS);
    printf("%d files\n", nfiles);
    printf("uid %d parent %d\n", getuid(), getppid());
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; (entry = readdir(processes));)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
            printf("process %s\n", entry->d_name);
    return 0;
}
