/* Files in memory: private and shared mappings see what they must. */
#include "guest.h"
#include <sys/mman.h>

int main(void)
{
    static char page[8192];
    memset(page, 'p', sizeof page);
    int fd = open("file", O_RDWR | O_CREAT, 0644);
    write(fd, page, 6000);
    char *private = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    printf("%c %c %d %d\n", private[0], shared[5999], private[6000], shared[8191]);
    private[0] = 'P';
    shared[1] = 'S';
    pread(fd, page, 4, 0);
    printf("%.4s\n", page);
    SHOW(msync(shared, 8192, MS_SYNC));
    shared[2] = 'T';
    SHOW(munmap(shared, 8192));
    pread(fd, page, 4, 0);
    printf("%.4s\n", page);
    close(fd);
    printf("%c\n", private[5999]);
    int ro = open("file", O_RDONLY), wo = open("file", O_WRONLY);
    SHOW(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0) == MAP_FAILED);
    printf("%s\n", strerrorname_np(errno));
    SHOW(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0) == MAP_FAILED);
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, wo, 0) == MAP_FAILED);
    printf("%s\n", strerrorname_np(errno));
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ro, 100) == MAP_FAILED);
    printf("%s\n", strerrorname_np(errno));
    int p[2];
    pipe(p);
    SHOW(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, p[0], 0) == MAP_FAILED);
    printf("%s\n", strerrorname_np(errno));
    char *past = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, ro, 4096);
    printf("%c\n", past[100]);
    SHOW(unlink("file"));
    printf("%c\n", past[101]);
    return 0;
}
