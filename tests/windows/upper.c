/* A worker by the C runtime's numbers alone: takes messages from 3, and writes them to 4 in upper
   case. */
#include <ctype.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>

static int read_all(unsigned char *bytes, int count)
{
    for (int now; count > 0; bytes += now, count -= now)
        if ((now = _read(3, bytes, count)) <= 0)
            return 0;
    return 1;
}

static int write_all(const unsigned char *bytes, int count)
{
    for (int now; count > 0; bytes += now, count -= now)
        if ((now = _write(4, bytes, count)) <= 0)
            return 0;
    return 1;
}

int main(void)
{
    unsigned char header[4];
    _setmode(3, _O_BINARY);
    _setmode(4, _O_BINARY);
    while (read_all(header, 4)) {
        int size = header[0] << 24 | header[1] << 16 | header[2] << 8 | header[3];
        unsigned char *message = malloc(size + 1);
        if (!message || !read_all(message, size))
            return 2;
        for (int at = 0; at < size; at++)
            message[at] = toupper(message[at]);
        if (!write_all(header, 4) || !write_all(message, size))
            return 3;
        free(message);
    }
    return 0;
}
