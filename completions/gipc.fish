# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_gipc_global_optspecs
    string join \n h/help V/version
end

function __fish_gipc_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_gipc_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_gipc_using_subcommand
    set -l cmd (__fish_gipc_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c gipc -n "__fish_gipc_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_needs_command" -s V -l version -d 'Print version'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "exec" -d 'Run a command as it is, and leave none of its processes behind'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "run" -d 'Run a worker: lines of standard input become its messages, its messages become lines of standard output'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "pipe" -d 'Run several workers in a row, each reading the messages that the previous one sends'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "replay" -d 'Replay recorded messages to standard output or to a worker'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "pool" -d 'Distribute messages among persistent workers; a crash loses none'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "up" -d 'Run the processes of a gipc.toml or Procfile together, and leave none of them behind'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "send" -d 'Send a message on an inherited channel, or to a process of a session'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "recv" -d 'Receive a message from an inherited channel'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "call" -d 'Send a message and print the reply'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "ps" -d 'Show the status of a session\'s processes'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "why" -d 'Explain why a process is in its current state'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "logs" -d 'Show the output of a session\'s processes'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "tap" -d 'Show the messages of a session as they pass'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "start" -d 'Start processes that have ended or were stopped'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "stop" -d 'Stop processes, until they are started again'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "restart" -d 'Stop processes and start them again'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "signal" -d 'Send a signal to processes'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "scale" -d 'Change the number of instances of a process'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "wait" -d 'Wait until processes have ended, and exit with their exit code'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "reload" -d 'Make a session of `up` reread its file'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "down" -d 'Stop all processes of a session, in order, and end it'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "check" -d 'Check a gipc.toml or Procfile, and print what it means'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "schema" -d 'Print the JSON Schema of gipc.toml, for editors'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "man" -d 'Print a manual page, as roff: `gipc man run | man -l -`'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "help" -d 'Print help for gipc or for a command'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l env-file -d 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l timeout -d 'Stop the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l stop-signal -d 'The signal that asks the command to stop [default: the one that gipc received]' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l grace -d 'Kill whatever has not ended this long after the stop signal' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l restart -d 'When to restart the command after it ends' -r -f -a "never\t'Never'
on-failure\t'After a non-zero exit code, or a signal'
always\t'Whenever it ends; for a worker of `run`, until standard input has ended and has been read'"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l backoff -d 'Pause before a restart; it doubles from MIN to MAX, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l max-restarts -d 'Give up after more than COUNT restarts within DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l name -d 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l report -d 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l log-format -d 'The format of log lines on standard error' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, unless NO_COLOR or FORCE_COLOR says otherwise'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l isolate -d 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc\'s processes are killed at once (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s q -l quiet -d 'Print errors only'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s v -l verbose -d 'Print more; twice for the details of what gipc does'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand run" -l input -d 'How messages are encoded on standard input, or `none`' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''
none\t''"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l wire -d 'Where the worker reads and writes its messages' -r -f -a "fds\t'Descriptors 3 and 4'
stdio\t'Standard input and output'
node\t'The socket of Node\'s process.send'"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l framing -d 'How the worker\'s messages are encoded [default: u32; with --wire stdio or node: lines]' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l output -d 'How messages are encoded on standard output, or `none`' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''
none\t''"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l max-message -d 'The largest message to accept [default: 64MiB]' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l record -d 'Append every message to this file, one JSON object per line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand run" -l ready -d 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l ready-timeout -d 'Stop a worker that is not ready after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand run" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l env-file -d 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand run" -l timeout -d 'Stop the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l stop-signal -d 'The signal that asks the command to stop [default: the one that gipc received]' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l grace -d 'Kill whatever has not ended this long after the stop signal' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l restart -d 'When to restart the command after it ends' -r -f -a "never\t'Never'
on-failure\t'After a non-zero exit code, or a signal'
always\t'Whenever it ends; for a worker of `run`, until standard input has ended and has been read'"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l backoff -d 'Pause before a restart; it doubles from MIN to MAX, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l max-restarts -d 'Give up after more than COUNT restarts within DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l name -d 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l report -d 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand run" -l log-format -d 'The format of log lines on standard error' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, unless NO_COLOR or FORCE_COLOR says otherwise'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l guard-stdout -d 'With --wire stdio: send lines of the worker\'s standard output that are not JSON to standard error, and do not treat them as messages'
complete -c gipc -n "__fish_gipc_using_subcommand run" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand run" -l isolate -d 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc\'s processes are killed at once (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand run" -s q -l quiet -d 'Print errors only'
complete -c gipc -n "__fish_gipc_using_subcommand run" -s v -l verbose -d 'Print more; twice for the details of what gipc does'
complete -c gipc -n "__fish_gipc_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l input -d 'How messages are encoded on standard input, or `none`' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''
none\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l wire -d 'Where the worker reads and writes its messages' -r -f -a "fds\t'Descriptors 3 and 4'
stdio\t'Standard input and output'
node\t'The socket of Node\'s process.send'"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l framing -d 'How the worker\'s messages are encoded [default: u32; with --wire stdio or node: lines]' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l output -d 'How messages are encoded on standard output, or `none`' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''
none\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l max-message -d 'The largest message to accept [default: 64MiB]' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l record -d 'Append every message to this file, one JSON object per line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l ready -d 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l ready-timeout -d 'Stop a worker that is not ready after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l env-file -d 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l timeout -d 'Stop the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l stop-signal -d 'The signal that asks the command to stop [default: the one that gipc received]' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l grace -d 'Kill whatever has not ended this long after the stop signal' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l restart -d 'When to restart the command after it ends' -r -f -a "never\t'Never'
on-failure\t'After a non-zero exit code, or a signal'
always\t'Whenever it ends; for a worker of `run`, until standard input has ended and has been read'"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l backoff -d 'Pause before a restart; it doubles from MIN to MAX, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l max-restarts -d 'Give up after more than COUNT restarts within DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l name -d 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l report -d 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l log-format -d 'The format of log lines on standard error' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, unless NO_COLOR or FORCE_COLOR says otherwise'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l guard-stdout -d 'With --wire stdio: send lines of the worker\'s standard output that are not JSON to standard error, and do not treat them as messages'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l isolate -d 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc\'s processes are killed at once (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s q -l quiet -d 'Print errors only'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s v -l verbose -d 'Print more; twice for the details of what gipc does'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s c -l channel -d 'Replay the messages of this channel only' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l speed -d 'Replay at this multiple of the original speed; `max`: without any pauses' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l wire -d 'Where the worker reads and writes its messages' -r -f -a "fds\t'Descriptors 3 and 4'
stdio\t'Standard input and output'
node\t'The socket of Node\'s process.send'"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l framing -d 'How the worker\'s messages are encoded [default: u32; with --wire stdio or node: lines]' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l output -d 'How messages are encoded on standard output, or `none`' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''
none\t''"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l max-message -d 'The largest message to accept [default: 64MiB]' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l record -d 'Append every message to this file, one JSON object per line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l ready -d 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l ready-timeout -d 'Stop a worker that is not ready after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l env-file -d 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l timeout -d 'Stop the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l stop-signal -d 'The signal that asks the command to stop [default: the one that gipc received]' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l grace -d 'Kill whatever has not ended this long after the stop signal' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l restart -d 'When to restart the command after it ends' -r -f -a "never\t'Never'
on-failure\t'After a non-zero exit code, or a signal'
always\t'Whenever it ends; for a worker of `run`, until standard input has ended and has been read'"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l backoff -d 'Pause before a restart; it doubles from MIN to MAX, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l max-restarts -d 'Give up after more than COUNT restarts within DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l name -d 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l report -d 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l log-format -d 'The format of log lines on standard error' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, unless NO_COLOR or FORCE_COLOR says otherwise'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l guard-stdout -d 'With --wire stdio: send lines of the worker\'s standard output that are not JSON to standard error, and do not treat them as messages'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l isolate -d 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc\'s processes are killed at once (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s q -l quiet -d 'Print errors only'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s v -l verbose -d 'Print more; twice for the details of what gipc does'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s j -l jobs -d 'Number of workers [default: the number of CPUs]' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l window -d 'How many unanswered messages a worker may have at a time' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l ack -d 'When a message counts as done' -r -f -a "reply\t'When it has been answered'
read\t'When it has been read; workers may send anything'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l retries -d 'How many times to resend a message whose worker crashed or timed out after starting to read it' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l dead-letter -d 'Append messages that were not answered to this file, one JSON object per line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l message-timeout -d 'Stop a worker that takes longer than this to answer a message' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l halt -d 'End early: `now` or `soon`, a comma, `fail`, `success` or `done`, =N or =N%' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l progress -d 'Show progress on standard error: a bar with the rate and the time left (--progress=never: do not)' -r -f -a "auto\t'A bar if standard error is a terminal and standard output is not'
always\t'A bar, or lines where there can be none'
never\t'Nothing'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l joblog -d 'Log each finished message to this file, with the columns of GNU parallel' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l max-messages -d 'Replace a worker after this many messages' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l max-memory -d 'Replace a worker that uses more memory than this after an answer' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l wire -d 'Where the worker reads and writes its messages' -r -f -a "fds\t'Descriptors 3 and 4'
stdio\t'Standard input and output'
node\t'The socket of Node\'s process.send'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l framing -d 'How the worker\'s messages are encoded [default: u32; with --wire stdio or node: lines]' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l max-message -d 'The largest message to accept [default: 64MiB]' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l record -d 'Append every message to this file, one JSON object per line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l ready -d 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l ready-timeout -d 'Stop a worker that is not ready after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l env-file -d 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l timeout -d 'Stop the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l stop-signal -d 'The signal that asks the command to stop [default: the one that gipc received]' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l grace -d 'Kill whatever has not ended this long after the stop signal' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l backoff -d 'Pause before a restart; it doubles from MIN to MAX, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l max-restarts -d 'Give up after more than COUNT restarts within DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l name -d 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l report -d 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l log-format -d 'The format of log lines on standard error' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, unless NO_COLOR or FORCE_COLOR says otherwise'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l restart -d 'When to restart the command after it ends' -r -f -a "never\t'Never'
on-failure\t'After a non-zero exit code, or a signal'
always\t'Whenever it ends; for a worker of `run`, until standard input has ended and has been read'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l input -d 'How messages are encoded on standard input' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l output -d 'How answers are encoded on standard output: a framing, `none`, or `json` for an object with the message\'s number, its worker, the number of attempts, the time taken, and the reply or the error' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''
none\t''
json\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s k -l keep-order -d 'Write answers in the order of their messages'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l resume -d 'Skip the messages that the joblog lists, by their numbers'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l shuf -d 'Send messages in random order, once all have been read'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l guard-stdout -d 'With --wire stdio: send lines of the worker\'s standard output that are not JSON to standard error, and do not treat them as messages'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l isolate -d 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc\'s processes are killed at once (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s q -l quiet -d 'Print errors only'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s v -l verbose -d 'Print more; twice for the details of what gipc does'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand up" -s f -l file -d 'The file to read [default: gipc.toml, else Procfile; none if there is a --process]' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand up" -s p -l process -d 'Add a process, whose COMMAND a shell runs; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -s c -l channel -d 'Add a channel from one process to another; may be repeated. A PORT is a descriptor number, `stdin`, `stdout` or `node` (Node\'s process.send); `-` is gipc\'s own standard input or output' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l timeout -d 'Stop the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -s C -l chdir -d 'Run processes in this directory, unless they have a working_dir [default: that of the file]' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand up" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l env-file -d 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand up" -l stop-signal -d 'The signal that asks processes to stop [default: TERM]' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand up" -l grace -d 'Kill whatever has not ended this long after the stop signal [default: 10s]' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l restart -d 'When to restart processes after they end [default: on-failure; in a Procfile: never]' -r -f -a "never\t''
on-failure\t''
always\t''"
complete -c gipc -n "__fish_gipc_using_subcommand up" -l backoff -d 'Pause before a restart; it doubles from MIN to MAX, with jitter [default: 100ms..30s]' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l max-restarts -d 'Give up a process after more than COUNT restarts within DURATION [default: 5/10s]' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l ready -d 'When a process is ready: any condition of `ready` in gipc-toml(5) [default: at once]' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l ready-timeout -d 'Stop a process that is not ready after this long; it counts as failed [default: 30s]' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l record -d 'Append every message of all channels to this file, one JSON object per line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand up" -l name -d 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l report -d 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand up" -l log-format -d 'The format of log lines on standard error' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand up" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, unless NO_COLOR or FORCE_COLOR says otherwise'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand up" -s d -l detach -d 'Return once all processes are ready, and go on in the background; see gipc-ps(1), gipc-logs(1) and gipc-down(1). If one fails before that, return its exit code'
complete -c gipc -n "__fish_gipc_using_subcommand up" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand up" -l isolate -d 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc\'s processes are killed at once (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand up" -s q -l quiet -d 'Print errors only'
complete -c gipc -n "__fish_gipc_using_subcommand up" -s v -l verbose -d 'Print more; twice for the details of what gipc does'
complete -c gipc -n "__fish_gipc_using_subcommand up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand send" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand send" -s c -l channel -d 'The name of the channel [default: the first one]' -r
complete -c gipc -n "__fish_gipc_using_subcommand send" -l timeout -d 'Wait no longer than this for the first byte of a message to be sent or to arrive, then exit with 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand send" -l max-message -d 'The largest message to accept' -r
complete -c gipc -n "__fish_gipc_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand recv" -s c -l channel -d 'The name of the channel [default: the first one]' -r
complete -c gipc -n "__fish_gipc_using_subcommand recv" -l timeout -d 'Wait no longer than this for the first byte of a message to be sent or to arrive, then exit with 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand recv" -l max-message -d 'The largest message to accept' -r
complete -c gipc -n "__fish_gipc_using_subcommand recv" -s n -l count -d 'Receive this many messages' -r
complete -c gipc -n "__fish_gipc_using_subcommand recv" -l output -d 'How to encode messages on standard output [default: lines; a single message as it is, followed by a newline]' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand recv" -s f -l follow -d 'Receive all messages until the end of the channel'
complete -c gipc -n "__fish_gipc_using_subcommand recv" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand call" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand call" -l timeout -d 'Wait no longer than this for the first byte of a message to be sent or to arrive, then exit with 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand call" -l max-message -d 'The largest message to accept' -r
complete -c gipc -n "__fish_gipc_using_subcommand call" -l output -d 'How to encode the reply on standard output [default: as it is, followed by a newline]' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand ps" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand ps" -l json -d 'Print everything as JSON'
complete -c gipc -n "__fish_gipc_using_subcommand ps" -s w -l watch -d 'Redraw the table every second until q or Ctrl-C is pressed; CPU usage is then that since the last redraw'
complete -c gipc -n "__fish_gipc_using_subcommand ps" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand why" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand why" -l json -d 'Print the explanation as JSON'
complete -c gipc -n "__fish_gipc_using_subcommand why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand logs" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand logs" -s n -l lines -d 'Start with this many of the last lines [default: all that are kept]' -r
complete -c gipc -n "__fish_gipc_using_subcommand logs" -l color -d 'Use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR or FORCE_COLOR says otherwise'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand logs" -s f -l follow -d 'Keep printing new lines until the session ends; a reader that does not keep up is told how many lines were skipped'
complete -c gipc -n "__fish_gipc_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand tap" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand tap" -l filter -d 'Show only messages that are JSON and have this value at this JSON pointer (RFC 6901)' -r
complete -c gipc -n "__fish_gipc_using_subcommand tap" -l json -d 'Print messages in the format of a record, one JSON object per line; see gipc-replay(1)'
complete -c gipc -n "__fish_gipc_using_subcommand tap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand start" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand stop" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand restart" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand restart" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand signal" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand signal" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand scale" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand scale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand wait" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand wait" -l timeout -d 'Wait no longer than this, then exit with 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand wait" -l ready -d 'Wait until they are ready; exit with 1 if one ends before it is ready'
complete -c gipc -n "__fish_gipc_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand reload" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand down" -s s -l session -d 'The name of the session [default: the session that this command was started in, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand down" -l timeout -d 'Kill whatever has not ended after this long' -r
complete -c gipc -n "__fish_gipc_using_subcommand down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand check" -s f -l file -d 'The same as FILE, as with gipc-up(1)' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand check" -s p -l process -d 'Add a process, whose COMMAND a shell would run; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand check" -s c -l channel -d 'Add a channel from one process to another; may be repeated. A PORT is a descriptor number, `stdin`, `stdout` or `node` (Node\'s process.send); `-` is gipc\'s own standard input or output' -r
complete -c gipc -n "__fish_gipc_using_subcommand check" -l json -d 'Print everything as JSON'
complete -c gipc -n "__fish_gipc_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand schema" -s h -l help -d 'Print help'
complete -c gipc -n "__fish_gipc_using_subcommand completions" -s h -l help -d 'Print help'
complete -c gipc -n "__fish_gipc_using_subcommand man" -l all -d 'Write all pages and completions to this folder' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand man" -s h -l help -d 'Print help'
complete -c gipc -n "__fish_gipc_using_subcommand help" -s h -l help -d 'Print help'
