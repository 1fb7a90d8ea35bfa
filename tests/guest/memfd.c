/* memfd_create(2) and seals. */
#include "guest.h"
#include <sys/mman.h>

int main(void)
{
    char text[16];
    struct stat st;
    int fd = memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    SHOW(fd);
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GET_SEALS));
    SHOW(write(fd, "content", 7));
    SHOW(ftruncate(fd, 100));
    fstat(fd, &st);
    printf("mode %o nlink %d size %ld\n", st.st_mode, (int)st.st_nlink, (long)st.st_size);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    SHOW(ftruncate(fd, 200));
    SHOW(pwrite(fd, "beyond", 6, 98));
    SHOW(ftruncate(fd, 50));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
    SHOW(ftruncate(fd, 20));
    SHOW(pwrite(fd, "C", 1, 0));
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL));
    SHOW(pwrite(fd, "C", 1, 0));
    SHOW(pread(fd, text, 7, 0));
    printf("%.7s\n", text);
    SHOW(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    SHOW(fcntl(fd, F_GET_SEALS));
    int plain = memfd_create("plain", 0);
    SHOW(fcntl(plain, F_GET_SEALS));
    SHOW(fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE));
    make("file", "x");
    int file = open("file", O_RDWR);
    SHOW(fcntl(file, F_GET_SEALS));
    SHOW(memfd_create("x", 0x1000));
    SHOW(memfd_create((char *)8, 0));
    char long_name[300];
    memset(long_name, 'n', 299);
    long_name[299] = 0;
    SHOW(memfd_create(long_name, 0));
    long_name[249] = 0;
    OK(memfd_create(long_name, 0));
    long n = readlink("/proc/self/fd/3", long_name, sizeof long_name);
    printf("%.*s\n", (int)n, long_name);
    OK(open("/proc/self/fd/3", O_RDONLY));
    return 0;
}
