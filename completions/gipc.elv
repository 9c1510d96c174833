
use builtin;
use str;

set edit:completion:arg-completer[gipc] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'gipc'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'gipc'= {
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand exec 'Run a command as it is, and leave nothing of it behind'
            cand run 'Run a worker: lines of standard input become its messages, its messages become lines of standard output'
            cand pipe 'Run several workers in a row, each taking the messages that the one before it sends'
            cand replay 'Play a record: its messages go to standard output, or to a worker'
            cand up 'Run the processes of a gipc.toml or a Procfile together, and leave nothing of them behind'
            cand send 'Send a message on a channel that this process was given'
            cand recv 'Take a message from a channel that this process was given'
            cand call 'Send a message and take the reply'
            cand ps 'Show how the processes of a session stand'
            cand why 'Say why a process stands as it does'
            cand logs 'Show what the processes of a session have printed'
            cand tap 'Show the messages of a session as they pass'
            cand start 'Start processes that have ended or were stopped'
            cand stop 'Stop processes, until they are started again'
            cand restart 'Stop processes and start them again'
            cand signal 'Send a signal to processes'
            cand scale 'Have another number of instances of a process'
            cand wait 'Wait until processes have ended, and end with their exit code'
            cand reload 'Have a session of `up` read its file anew'
            cand down 'Stop all processes of a session, in order, and end it'
            cand check 'Check a description of processes, and print what it means'
            cand schema 'Print the JSON Schema of gipc.toml, for editors'
            cand completions 'Print completions for a shell'
            cand man 'Print a manual page, as roff: `gipc man run | man -l -`'
        }
        &'gipc;exec'= {
            cand -C 'Run in this directory'
            cand --chdir 'Run in this directory'
            cand -e 'Set an environment variable; may be repeated'
            cand --env 'Set an environment variable; may be repeated'
            cand --env-file 'Set the environment variables of this file (NAME=VALUE lines)'
            cand --timeout 'End the whole run after this long, with exit code 124'
            cand --stop-signal 'Ask the command to end with this signal, not the one that gipc got'
            cand --grace 'Kill what has not ended so long after it was asked to'
            cand --restart 'Start the command again when it ends'
            cand --backoff 'Pause before a restart, doubling from the first to the last value, with jitter'
            cand --max-restarts 'Give up after so many restarts within this time'
            cand --limit 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated'
            cand --name 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder'
            cand --report 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML'
            cand --log-format 'How log lines on standard error look'
            cand --color 'Use colours in log lines'
            cand --clear-env 'Start from an empty environment'
            cand --isolate 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
            cand -q 'Say errors only'
            cand --quiet 'Say errors only'
            cand -v 'Say more; twice for what gipc does in detail'
            cand --verbose 'Say more; twice for what gipc does in detail'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;run'= {
            cand --input 'How messages are encoded on standard input, or `none`'
            cand --wire 'Where the worker''s messages go in and out'
            cand --framing 'How the worker''s messages are encoded [default: u32, with --wire stdio lines]'
            cand --output 'How messages are encoded on standard output, or `none`'
            cand --max-message 'The largest message that is accepted'
            cand --record 'Append every message to this file, a JSON object on each line'
            cand --ready 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION'
            cand --ready-timeout 'Stop a worker that is not ready after so long, with exit code 124'
            cand -C 'Run in this directory'
            cand --chdir 'Run in this directory'
            cand -e 'Set an environment variable; may be repeated'
            cand --env 'Set an environment variable; may be repeated'
            cand --env-file 'Set the environment variables of this file (NAME=VALUE lines)'
            cand --timeout 'End the whole run after this long, with exit code 124'
            cand --stop-signal 'Ask the command to end with this signal, not the one that gipc got'
            cand --grace 'Kill what has not ended so long after it was asked to'
            cand --restart 'Start the command again when it ends'
            cand --backoff 'Pause before a restart, doubling from the first to the last value, with jitter'
            cand --max-restarts 'Give up after so many restarts within this time'
            cand --limit 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated'
            cand --name 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder'
            cand --report 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML'
            cand --log-format 'How log lines on standard error look'
            cand --color 'Use colours in log lines'
            cand --clear-env 'Start from an empty environment'
            cand --isolate 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
            cand -q 'Say errors only'
            cand --quiet 'Say errors only'
            cand -v 'Say more; twice for what gipc does in detail'
            cand --verbose 'Say more; twice for what gipc does in detail'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;pipe'= {
            cand --input 'How messages are encoded on standard input, or `none`'
            cand --wire 'Where the worker''s messages go in and out'
            cand --framing 'How the worker''s messages are encoded [default: u32, with --wire stdio lines]'
            cand --output 'How messages are encoded on standard output, or `none`'
            cand --max-message 'The largest message that is accepted'
            cand --record 'Append every message to this file, a JSON object on each line'
            cand --ready 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION'
            cand --ready-timeout 'Stop a worker that is not ready after so long, with exit code 124'
            cand -C 'Run in this directory'
            cand --chdir 'Run in this directory'
            cand -e 'Set an environment variable; may be repeated'
            cand --env 'Set an environment variable; may be repeated'
            cand --env-file 'Set the environment variables of this file (NAME=VALUE lines)'
            cand --timeout 'End the whole run after this long, with exit code 124'
            cand --stop-signal 'Ask the command to end with this signal, not the one that gipc got'
            cand --grace 'Kill what has not ended so long after it was asked to'
            cand --restart 'Start the command again when it ends'
            cand --backoff 'Pause before a restart, doubling from the first to the last value, with jitter'
            cand --max-restarts 'Give up after so many restarts within this time'
            cand --limit 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated'
            cand --name 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder'
            cand --report 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML'
            cand --log-format 'How log lines on standard error look'
            cand --color 'Use colours in log lines'
            cand --clear-env 'Start from an empty environment'
            cand --isolate 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
            cand -q 'Say errors only'
            cand --quiet 'Say errors only'
            cand -v 'Say more; twice for what gipc does in detail'
            cand --verbose 'Say more; twice for what gipc does in detail'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;replay'= {
            cand -c 'Play the messages of this channel only'
            cand --channel 'Play the messages of this channel only'
            cand --speed 'Wait between messages as long as it was, divided by this number; `max`: do not wait'
            cand --wire 'Where the worker''s messages go in and out'
            cand --framing 'How the worker''s messages are encoded [default: u32, with --wire stdio lines]'
            cand --output 'How messages are encoded on standard output, or `none`'
            cand --max-message 'The largest message that is accepted'
            cand --record 'Append every message to this file, a JSON object on each line'
            cand --ready 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION'
            cand --ready-timeout 'Stop a worker that is not ready after so long, with exit code 124'
            cand -C 'Run in this directory'
            cand --chdir 'Run in this directory'
            cand -e 'Set an environment variable; may be repeated'
            cand --env 'Set an environment variable; may be repeated'
            cand --env-file 'Set the environment variables of this file (NAME=VALUE lines)'
            cand --timeout 'End the whole run after this long, with exit code 124'
            cand --stop-signal 'Ask the command to end with this signal, not the one that gipc got'
            cand --grace 'Kill what has not ended so long after it was asked to'
            cand --restart 'Start the command again when it ends'
            cand --backoff 'Pause before a restart, doubling from the first to the last value, with jitter'
            cand --max-restarts 'Give up after so many restarts within this time'
            cand --limit 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated'
            cand --name 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder'
            cand --report 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML'
            cand --log-format 'How log lines on standard error look'
            cand --color 'Use colours in log lines'
            cand --clear-env 'Start from an empty environment'
            cand --isolate 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
            cand -q 'Say errors only'
            cand --quiet 'Say errors only'
            cand -v 'Say more; twice for what gipc does in detail'
            cand --verbose 'Say more; twice for what gipc does in detail'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;up'= {
            cand -f 'The file [default: gipc.toml, else Procfile, unless there is --process]'
            cand --file 'The file [default: gipc.toml, else Procfile, unless there is --process]'
            cand -p 'A process, run by a shell; may be repeated'
            cand --process 'A process, run by a shell; may be repeated'
            cand -c 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc''s own standard input and output are `-`'
            cand --channel 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc''s own standard input and output are `-`'
            cand --timeout 'End the whole run after this long, with exit code 124'
            cand --name 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder'
            cand --report 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML'
            cand --log-format 'How log lines on standard error look'
            cand --color 'Use colours in log lines'
            cand -d 'Come back when all are ready, and go on in the background: see gipc-ps(1), gipc-logs(1) and gipc-down(1). Where one has failed, come back with its exit code'
            cand --detach 'Come back when all are ready, and go on in the background: see gipc-ps(1), gipc-logs(1) and gipc-down(1). Where one has failed, come back with its exit code'
            cand --isolate 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
            cand -q 'Say errors only'
            cand --quiet 'Say errors only'
            cand -v 'Say more; twice for what gipc does in detail'
            cand --verbose 'Say more; twice for what gipc does in detail'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;send'= {
            cand -c 'The channel, by its name; otherwise the first'
            cand --channel 'The channel, by its name; otherwise the first'
            cand --timeout 'Wait no longer than this for the first byte of a message to move; then end with 124'
            cand --max-message 'The largest message that is accepted'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;recv'= {
            cand -c 'The channel, by its name; otherwise the first'
            cand --channel 'The channel, by its name; otherwise the first'
            cand --timeout 'Wait no longer than this for the first byte of a message to move; then end with 124'
            cand --max-message 'The largest message that is accepted'
            cand -n 'Take so many messages'
            cand --count 'Take so many messages'
            cand --output 'How messages are written to standard output; a single one is written as it is, with a newline after it'
            cand -f 'Take all messages until the end of the channel'
            cand --follow 'Take all messages until the end of the channel'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;call'= {
            cand --timeout 'Wait no longer than this for the first byte of a message to move; then end with 124'
            cand --max-message 'The largest message that is accepted'
            cand --output 'How the reply is written to standard output; otherwise as it is, with a newline after it'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;ps'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --json 'Print everything, as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;why'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --json 'Print it as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;logs'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand -n 'Begin with so many lines [default: all that are kept]'
            cand --lines 'Begin with so many lines [default: all that are kept]'
            cand --color 'Use colours'
            cand -f 'Go on with the lines that come, until the session ends; one who does not keep up is told how many lines were skipped'
            cand --follow 'Go on with the lines that come, until the session ends; one who does not keep up is told how many lines were skipped'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;tap'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --filter 'Show those messages only that are JSON and have this value at this JSON pointer (RFC 6901)'
            cand --json 'Show the messages as a record has them, a JSON object on each line, see gipc-replay(1)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;start'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;stop'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;restart'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;signal'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;scale'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;wait'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --timeout 'Wait no longer than this; then end with 124'
            cand --ready 'Wait until they are ready; with exit code 1 where one has ended without being it'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;reload'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;down'= {
            cand -s 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --session 'The session, by its name [default: the one that this command was started by, else that of the current folder]'
            cand --timeout 'Kill what has not ended after this long'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;check'= {
            cand -p 'Describe a process, whose command a shell is to run; may be repeated. Without FILE none is read'
            cand --process 'Describe a process, whose command a shell is to run; may be repeated. Without FILE none is read'
            cand -c 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc''s own standard input and output are `-`'
            cand --channel 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc''s own standard input and output are `-`'
            cand --json 'Print everything, as JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'gipc;schema'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'gipc;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'gipc;man'= {
            cand --all 'Write all pages and completions into this folder'
            cand -h 'Print help'
            cand --help 'Print help'
        }
    ]
    $completions[$command]
}
