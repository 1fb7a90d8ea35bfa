/* Standard streams that are no terminal. */
#include "guest.h"
#include <sys/ioctl.h>

int main(int argc, char **argv)
{
    static char text[10000];
    struct stat st;
    if (argc > 1 && !strcmp(argv[1], "isatty")) {
        struct winsize w;
        ioctl(0, TIOCGWINSZ, &w);
        printf("%d x %d\n", w.ws_row, w.ws_col);
        fflush(stdout);
        return isatty(0) | isatty(1) << 1 | isatty(2) << 2;
    }
    if (argc > 1) {
        static char block[1 << 20];
        if (!strcmp(argv[1], "ignore"))
            signal(SIGPIPE, SIG_IGN);
        for (int i = 0; i < sizeof block; i++)
            block[i] = "0123456789abcdef"[i % 16];
        long n = write(1, block, sizeof block);
        return n == sizeof block ? 0 : errno == EPIPE ? 3 : 4;
    }
    printf("isatty %d %d %d\n", isatty(0), isatty(1), isatty(2));
    fstat(0, &st);
    lseek(0, 0, SEEK_SET);
    printf("stdin fifo %d seek %s\n", S_ISFIFO(st.st_mode), strerrorname_np(errno));
    fflush(stdout);
    long n = 0, got;
    while ((got = read(0, text + n, sizeof text - n)) > 0)
        n += got;
    char *end = strchr(text, '\n');
    printf("got %ld bytes, first '%.*s'\n", n, end ? (int)(end - text) : 0, text);
    printf("end of file %ld\n", got);
    long length = readlink("/proc/self/fd/0", text, sizeof text);
    printf("/proc/self/fd/0 -> %.*s\n", (int)length, text);
    fflush(stdout);
    int again = open("/dev/stdout", O_WRONLY);
    dprintf(again, "again through /dev/stdout\n");
    if (open("/dev/tty", O_RDWR) < 0)
        printf("tty %s\n", strerrorname_np(errno));
    puts("done");
    return 0;
}
