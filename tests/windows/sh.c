/* A stand-in for the shell where there is none, for the tests: the few commands that their scripts
   consist of, by the C runtime's descriptors. As `true` it does nothing. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static void wrong(const char *what)
{
    fprintf(stderr, "sh: %s\n", what);
    exit(2);
}

/* A number, or a variable that holds one. */
static int descriptor(const char *text)
{
    if (*text == '$')
        text = getenv(text + 1);
    return text ? atoi(text) : -1;
}

static int number = 0, in = 0, out = 1;

/* Takes `<&3` and `>&4` out of the words. */
static int redirect(char **words, int count)
{
    int kept = 0;
    in = 0, out = 1;
    for (int at = 0; at < count; at++) {
        if (!strncmp(words[at], "<&", 2))
            in = descriptor(words[at] + 2);
        else if (!strncmp(words[at], ">&", 2))
            out = descriptor(words[at] + 2);
        else
            words[kept++] = words[at];
    }
    return kept;
}

static int read_line(void)
{
    char byte;
    while (_read(in, &byte, 1) == 1)
        if (byte == '\n')
            return 0;
    return 1;
}

static int cat(void)
{
    static char buffer[65536];
    int count;
    while ((count = _read(in, buffer, sizeof buffer)) > 0)
        for (int done = 0, now; done < count; done += now)
            if ((now = _write(out, buffer + done, count - done)) < 0)
                return 1;
    return count < 0;
}

/* With octal escapes, between quotes. */
static int print(const char *text)
{
    char bytes[1000];
    int count = 0;
    while (*text) {
        if (*text == '\\') {
            char *end;
            char octal[4] = {0};
            strncpy(octal, text + 1, strspn(text + 1, "01234567") > 3 ? 3 : strspn(text + 1, "01234567"));
            bytes[count++] = (char)strtol(octal, &end, 8);
            text += 1 + strlen(octal);
        } else if (*text == '\'') {
            text++;
        } else {
            bytes[count++] = *text++;
        }
    }
    return _write(out, bytes, count) != count;
}

static int run(char *command)
{
    char *words[10];
    int count = 0;
    for (char *word = strtok(command, " "); word && count < 10; word = strtok(NULL, " "))
        words[count++] = word;
    char **word = words;
    if (count && !strcmp(*word, "exec"))
        word++, count--;
    count = redirect(word, count);
    if (!count || !strcmp(*word, "true"))
        return 0;
    if (!strcmp(*word, "exit"))
        exit((int)strtoul(word[1], NULL, 10));
    if (!strcmp(*word, "read"))
        return read_line();
    if (!strcmp(*word, "cat"))
        return cat();
    if (!strcmp(*word, "printf"))
        return print(word[1]);
    if (!strcmp(*word, "sleep"))
        Sleep(atoi(word[1]) * 1000);
    else
        wrong(*word);
    return 0;
}

int main(int argc, char **argv)
{
    for (number = 0; number < 20; number++)
        if (_get_osfhandle(number) != -1)
            _setmode(number, O_BINARY);
    if (strstr(argv[0], "true"))
        return 0;
    if (argc != 3 || strcmp(argv[1], "-c"))
        wrong("only -c");
    int status = 0;
    for (char *command = argv[2], *next; command; command = next) {
        next = strchr(command, ';');
        if (next)
            *next++ = 0;
        status = run(command);
    }
    return status;
}
