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
complete -c gipc -n "__fish_gipc_needs_command" -f -a "exec" -d 'Run a command as it is, and leave nothing of it behind'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "run" -d 'Run a worker: lines of standard input become its messages, its messages become lines of standard output'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "pipe" -d 'Run several workers in a row, each taking the messages that the one before it sends'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "replay" -d 'Play a record: its messages go to standard output, or to a worker'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "pool" -d 'Share messages among several workers that stay; one that crashes loses nothing'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "up" -d 'Run the processes of a gipc.toml or a Procfile together, and leave nothing of them behind'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "send" -d 'Send a message on a channel that this process was given, or to a process of a session'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "recv" -d 'Take a message from a channel that this process was given'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "call" -d 'Send a message and take the reply'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "ps" -d 'Show how the processes of a session stand'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "why" -d 'Say why a process stands as it does'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "logs" -d 'Show what the processes of a session have printed'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "tap" -d 'Show the messages of a session as they pass'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "start" -d 'Start processes that have ended or were stopped'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "stop" -d 'Stop processes, until they are started again'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "restart" -d 'Stop processes and start them again'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "signal" -d 'Send a signal to processes'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "scale" -d 'Have another number of instances of a process'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "wait" -d 'Wait until processes have ended, and end with their exit code'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "reload" -d 'Have a session of `up` read its file anew'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "down" -d 'Stop all processes of a session, in order, and end it'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "check" -d 'Check a description of processes, and print what it means'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "schema" -d 'Print the JSON Schema of gipc.toml, for editors'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "man" -d 'Print a manual page, as roff: `gipc man run | man -l -`'
complete -c gipc -n "__fish_gipc_needs_command" -f -a "help" -d 'Print help, of gipc or of a command'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l env-file -d 'Set the environment variables of this file (NAME=VALUE lines)' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l timeout -d 'End the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l stop-signal -d 'Ask the command to end with this signal, not the one that gipc got' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l grace -d 'Kill what has not ended so long after it was asked to' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l restart -d 'Start the command again when it ends' -r -f -a "never\t'Never'
on-failure\t'After an exit code other than 0, or a signal'
always\t'Whenever it ends; a worker of `run` until standard input has ended and it has read all'"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l backoff -d 'Pause before a restart, doubling from the first to the last value, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l max-restarts -d 'Give up after so many restarts within this time' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l name -d 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l report -d 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l log-format -d 'How log lines on standard error look' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, and as NO_COLOR and FORCE_COLOR say'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -l isolate -d 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s q -l quiet -d 'Say errors only'
complete -c gipc -n "__fish_gipc_using_subcommand exec" -s v -l verbose -d 'Say more; twice for what gipc does in detail'
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
complete -c gipc -n "__fish_gipc_using_subcommand run" -l wire -d 'Where the worker\'s messages go in and out' -r -f -a "fds\t'Descriptors 3 and 4'
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
complete -c gipc -n "__fish_gipc_using_subcommand run" -l max-message -d 'The largest message that is accepted' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l record -d 'Append every message to this file, a JSON object on each line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand run" -l ready -d 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l ready-timeout -d 'Stop a worker that is not ready after so long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand run" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l env-file -d 'Set the environment variables of this file (NAME=VALUE lines)' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand run" -l timeout -d 'End the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l stop-signal -d 'Ask the command to end with this signal, not the one that gipc got' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l grace -d 'Kill what has not ended so long after it was asked to' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l restart -d 'Start the command again when it ends' -r -f -a "never\t'Never'
on-failure\t'After an exit code other than 0, or a signal'
always\t'Whenever it ends; a worker of `run` until standard input has ended and it has read all'"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l backoff -d 'Pause before a restart, doubling from the first to the last value, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l max-restarts -d 'Give up after so many restarts within this time' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l name -d 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand run" -l report -d 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand run" -l log-format -d 'How log lines on standard error look' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, and as NO_COLOR and FORCE_COLOR say'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand run" -l guard-stdout -d 'With --wire stdio: a line of the worker\'s standard output that is not JSON is no message, and goes to standard error'
complete -c gipc -n "__fish_gipc_using_subcommand run" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand run" -l isolate -d 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand run" -s q -l quiet -d 'Say errors only'
complete -c gipc -n "__fish_gipc_using_subcommand run" -s v -l verbose -d 'Say more; twice for what gipc does in detail'
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
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l wire -d 'Where the worker\'s messages go in and out' -r -f -a "fds\t'Descriptors 3 and 4'
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
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l max-message -d 'The largest message that is accepted' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l record -d 'Append every message to this file, a JSON object on each line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l ready -d 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l ready-timeout -d 'Stop a worker that is not ready after so long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l env-file -d 'Set the environment variables of this file (NAME=VALUE lines)' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l timeout -d 'End the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l stop-signal -d 'Ask the command to end with this signal, not the one that gipc got' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l grace -d 'Kill what has not ended so long after it was asked to' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l restart -d 'Start the command again when it ends' -r -f -a "never\t'Never'
on-failure\t'After an exit code other than 0, or a signal'
always\t'Whenever it ends; a worker of `run` until standard input has ended and it has read all'"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l backoff -d 'Pause before a restart, doubling from the first to the last value, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l max-restarts -d 'Give up after so many restarts within this time' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l name -d 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l report -d 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l log-format -d 'How log lines on standard error look' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, and as NO_COLOR and FORCE_COLOR say'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l guard-stdout -d 'With --wire stdio: a line of the worker\'s standard output that is not JSON is no message, and goes to standard error'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -l isolate -d 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s q -l quiet -d 'Say errors only'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s v -l verbose -d 'Say more; twice for what gipc does in detail'
complete -c gipc -n "__fish_gipc_using_subcommand pipe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s c -l channel -d 'Play the messages of this channel only' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l speed -d 'Wait between messages as long as it was, divided by this number; `max`: do not wait' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l wire -d 'Where the worker\'s messages go in and out' -r -f -a "fds\t'Descriptors 3 and 4'
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
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l max-message -d 'The largest message that is accepted' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l record -d 'Append every message to this file, a JSON object on each line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l ready -d 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l ready-timeout -d 'Stop a worker that is not ready after so long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l env-file -d 'Set the environment variables of this file (NAME=VALUE lines)' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l timeout -d 'End the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l stop-signal -d 'Ask the command to end with this signal, not the one that gipc got' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l grace -d 'Kill what has not ended so long after it was asked to' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l restart -d 'Start the command again when it ends' -r -f -a "never\t'Never'
on-failure\t'After an exit code other than 0, or a signal'
always\t'Whenever it ends; a worker of `run` until standard input has ended and it has read all'"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l backoff -d 'Pause before a restart, doubling from the first to the last value, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l max-restarts -d 'Give up after so many restarts within this time' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l name -d 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l report -d 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l log-format -d 'How log lines on standard error look' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, and as NO_COLOR and FORCE_COLOR say'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l guard-stdout -d 'With --wire stdio: a line of the worker\'s standard output that is not JSON is no message, and goes to standard error'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -l isolate -d 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s q -l quiet -d 'Say errors only'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s v -l verbose -d 'Say more; twice for what gipc does in detail'
complete -c gipc -n "__fish_gipc_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s j -l jobs -d 'How many workers [default: the number of processors]' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l window -d 'How many messages a worker may have that it has not answered' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l ack -d 'When a message is done with: when its answer has come, or when it was read' -r -f -a "reply\t'When its answer has come'
read\t'When it was read; workers send what they like'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l retries -d 'How often a message is sent again that has ended its worker' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l dead-letter -d 'Append messages that were not answered to this file, a JSON object on each line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l message-timeout -d 'Stop a worker that takes longer than this for an answer' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l halt -d 'End early: `now` or `soon`, a comma, `fail`, `success` or `done`, =N or =N%' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l progress -d 'Tell on standard error how far it has come: a bar with rate and remaining time' -r -f -a "auto\t'A bar, where standard error is a terminal and standard output is not'
always\t'A bar, or lines'
never\t'Nothing'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l joblog -d 'Note each message that is done in this file, with the columns of GNU parallel\'s' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l max-messages -d 'Replace a worker after so many messages' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l max-memory -d 'Replace a worker that has come to use more memory than this, when it has answered' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l input -d 'How messages are encoded on standard input, or `none`' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''
none\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l wire -d 'Where the worker\'s messages go in and out' -r -f -a "fds\t'Descriptors 3 and 4'
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
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l max-message -d 'The largest message that is accepted' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l record -d 'Append every message to this file, a JSON object on each line' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l ready -d 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l ready-timeout -d 'Stop a worker that is not ready after so long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s C -l chdir -d 'Run in this directory' -r -f -a "(__fish_complete_directories)"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s e -l env -d 'Set an environment variable; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l env-file -d 'Set the environment variables of this file (NAME=VALUE lines)' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l timeout -d 'End the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l stop-signal -d 'Ask the command to end with this signal, not the one that gipc got' -r -f -a "TERM\t''
INT\t''
HUP\t''
QUIT\t''
KILL\t''
USR1\t''
USR2\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l grace -d 'Kill what has not ended so long after it was asked to' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l backoff -d 'Pause before a restart, doubling from the first to the last value, with jitter' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l max-restarts -d 'Give up after so many restarts within this time' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l limit -d 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l name -d 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l report -d 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l log-format -d 'How log lines on standard error look' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, and as NO_COLOR and FORCE_COLOR say'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l restart -d 'Start the command again when it ends' -r -f -a "never\t'Never'
on-failure\t'After an exit code other than 0, or a signal'
always\t'Whenever it ends; a worker of `run` until standard input has ended and it has read all'"
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l output -d 'How answers are written to standard output: a framing, `none`, or `json` for an object with the message\'s number, its worker, how often and how long it was tried, and the reply or the error' -r -f -a "u32\t''
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
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l resume -d 'Leave out the messages that the joblog tells of, by their numbers'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l shuf -d 'Send messages in a random order, once all of them are there'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l guard-stdout -d 'With --wire stdio: a line of the worker\'s standard output that is not JSON is no message, and goes to standard error'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l clear-env -d 'Start from an empty environment'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -l isolate -d 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s q -l quiet -d 'Say errors only'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s v -l verbose -d 'Say more; twice for what gipc does in detail'
complete -c gipc -n "__fish_gipc_using_subcommand pool" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand up" -s f -l file -d 'The file [default: gipc.toml, else Procfile, unless there is --process]' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand up" -s p -l process -d 'A process, run by a shell; may be repeated' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -s c -l channel -d 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc\'s own standard input and output are `-`' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l timeout -d 'End the whole run after this long, with exit code 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l name -d 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder' -r
complete -c gipc -n "__fish_gipc_using_subcommand up" -l report -d 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand up" -l log-format -d 'How log lines on standard error look' -r -f -a "pretty\t'Text for people'
json\t'A JSON object on each line'"
complete -c gipc -n "__fish_gipc_using_subcommand up" -l color -d 'Use colours in log lines' -r -f -a "auto\t'On a terminal, and as NO_COLOR and FORCE_COLOR say'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand up" -s d -l detach -d 'Come back when all are ready, and go on in the background: see gipc-ps(1), gipc-logs(1) and gipc-down(1). Where one has failed, come back with its exit code'
complete -c gipc -n "__fish_gipc_using_subcommand up" -l isolate -d 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)'
complete -c gipc -n "__fish_gipc_using_subcommand up" -s q -l quiet -d 'Say errors only'
complete -c gipc -n "__fish_gipc_using_subcommand up" -s v -l verbose -d 'Say more; twice for what gipc does in detail'
complete -c gipc -n "__fish_gipc_using_subcommand up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand send" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand send" -s c -l channel -d 'The channel, by its name; otherwise the first' -r
complete -c gipc -n "__fish_gipc_using_subcommand send" -l timeout -d 'Wait no longer than this for the first byte of a message to move; then end with 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand send" -l max-message -d 'The largest message that is accepted' -r
complete -c gipc -n "__fish_gipc_using_subcommand send" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand recv" -s c -l channel -d 'The channel, by its name; otherwise the first' -r
complete -c gipc -n "__fish_gipc_using_subcommand recv" -l timeout -d 'Wait no longer than this for the first byte of a message to move; then end with 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand recv" -l max-message -d 'The largest message that is accepted' -r
complete -c gipc -n "__fish_gipc_using_subcommand recv" -s n -l count -d 'Take so many messages' -r
complete -c gipc -n "__fish_gipc_using_subcommand recv" -l output -d 'How messages are written to standard output; a single one is written as it is, with a newline after it' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand recv" -s f -l follow -d 'Take all messages until the end of the channel'
complete -c gipc -n "__fish_gipc_using_subcommand recv" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand call" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand call" -l timeout -d 'Wait no longer than this for the first byte of a message to move; then end with 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand call" -l max-message -d 'The largest message that is accepted' -r
complete -c gipc -n "__fish_gipc_using_subcommand call" -l output -d 'How the reply is written to standard output; otherwise as it is, with a newline after it' -r -f -a "u32\t''
lines\t''
nul\t''
netstring\t''
content-length\t''
u32le\t''
varint\t''
json-seq\t''
raw\t''"
complete -c gipc -n "__fish_gipc_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand ps" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand ps" -l json -d 'Print everything, as JSON'
complete -c gipc -n "__fish_gipc_using_subcommand ps" -s w -l watch -d 'Draw the table anew every second, until q or Ctrl-C; then the processor time is that since the last one'
complete -c gipc -n "__fish_gipc_using_subcommand ps" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand why" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand why" -l json -d 'Print it as JSON'
complete -c gipc -n "__fish_gipc_using_subcommand why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand logs" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand logs" -s n -l lines -d 'Begin with so many lines [default: all that are kept]' -r
complete -c gipc -n "__fish_gipc_using_subcommand logs" -l color -d 'Use colours' -r -f -a "auto\t'On a terminal, and as NO_COLOR and FORCE_COLOR say'
always\t''
never\t''"
complete -c gipc -n "__fish_gipc_using_subcommand logs" -s f -l follow -d 'Go on with the lines that come, until the session ends; one who does not keep up is told how many lines were skipped'
complete -c gipc -n "__fish_gipc_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand tap" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand tap" -l filter -d 'Show those messages only that are JSON and have this value at this JSON pointer (RFC 6901)' -r
complete -c gipc -n "__fish_gipc_using_subcommand tap" -l json -d 'Show the messages as a record has them, a JSON object on each line, see gipc-replay(1)'
complete -c gipc -n "__fish_gipc_using_subcommand tap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand start" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand start" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand stop" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand restart" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand restart" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand signal" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand signal" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand scale" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand scale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand wait" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand wait" -l timeout -d 'Wait no longer than this; then end with 124' -r
complete -c gipc -n "__fish_gipc_using_subcommand wait" -l ready -d 'Wait until they are ready; with exit code 1 where one has ended without being it'
complete -c gipc -n "__fish_gipc_using_subcommand wait" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand reload" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand down" -s s -l session -d 'The session, by its name [default: the one that this command was started by, else that of the current folder]' -r
complete -c gipc -n "__fish_gipc_using_subcommand down" -l timeout -d 'Kill what has not ended after this long' -r
complete -c gipc -n "__fish_gipc_using_subcommand down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand check" -s p -l process -d 'Describe a process, whose command a shell is to run; may be repeated. Without FILE none is read' -r
complete -c gipc -n "__fish_gipc_using_subcommand check" -s c -l channel -d 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc\'s own standard input and output are `-`' -r
complete -c gipc -n "__fish_gipc_using_subcommand check" -l json -d 'Print everything, as JSON'
complete -c gipc -n "__fish_gipc_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c gipc -n "__fish_gipc_using_subcommand schema" -s h -l help -d 'Print help'
complete -c gipc -n "__fish_gipc_using_subcommand completions" -s h -l help -d 'Print help'
complete -c gipc -n "__fish_gipc_using_subcommand man" -l all -d 'Write all pages and completions into this folder' -r -F
complete -c gipc -n "__fish_gipc_using_subcommand man" -s h -l help -d 'Print help'
complete -c gipc -n "__fish_gipc_using_subcommand help" -s h -l help -d 'Print help'
