
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'gipc' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'gipc'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'gipc' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command as it is, and leave nothing of it behind')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a worker: lines of standard input become its messages, its messages become lines of standard output')
            [CompletionResult]::new('pipe', 'pipe', [CompletionResultType]::ParameterValue, 'Run several workers in a row, each taking the messages that the one before it sends')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Play a record: its messages go to standard output, or to a worker')
            [CompletionResult]::new('pool', 'pool', [CompletionResultType]::ParameterValue, 'Share messages among several workers that stay; one that crashes loses nothing')
            [CompletionResult]::new('up', 'up', [CompletionResultType]::ParameterValue, 'Run the processes of a gipc.toml or a Procfile together, and leave nothing of them behind')
            [CompletionResult]::new('send', 'send', [CompletionResultType]::ParameterValue, 'Send a message on a channel that this process was given, or to a process of a session')
            [CompletionResult]::new('recv', 'recv', [CompletionResultType]::ParameterValue, 'Take a message from a channel that this process was given')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Send a message and take the reply')
            [CompletionResult]::new('ps', 'ps', [CompletionResultType]::ParameterValue, 'Show how the processes of a session stand')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Say why a process stands as it does')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Show what the processes of a session have printed')
            [CompletionResult]::new('tap', 'tap', [CompletionResultType]::ParameterValue, 'Show the messages of a session as they pass')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start processes that have ended or were stopped')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Stop processes, until they are started again')
            [CompletionResult]::new('restart', 'restart', [CompletionResultType]::ParameterValue, 'Stop processes and start them again')
            [CompletionResult]::new('signal', 'signal', [CompletionResultType]::ParameterValue, 'Send a signal to processes')
            [CompletionResult]::new('scale', 'scale', [CompletionResultType]::ParameterValue, 'Have another number of instances of a process')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until processes have ended, and end with their exit code')
            [CompletionResult]::new('reload', 'reload', [CompletionResultType]::ParameterValue, 'Have a session of `up` read its file anew')
            [CompletionResult]::new('down', 'down', [CompletionResultType]::ParameterValue, 'Stop all processes of a session, in order, and end it')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check a description of processes, and print what it means')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of gipc.toml, for editors')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print completions for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page, as roff: `gipc man run | man -l -`')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print help, of gipc or of a command')
            break
        }
        'gipc;exec' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables of this file (NAME=VALUE lines)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'Ask the command to end with this signal, not the one that gipc got')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill what has not ended so long after it was asked to')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'Start the command again when it ends')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart, doubling from the first to the last value, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after so many restarts within this time')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;run' {
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'How messages are encoded on standard input, or `none`')
            [CompletionResult]::new('--wire', '--wire', [CompletionResultType]::ParameterName, 'Where the worker''s messages go in and out')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'How the worker''s messages are encoded [default: u32; with --wire stdio or node: lines]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How messages are encoded on standard output, or `none`')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is accepted')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message to this file, a JSON object on each line')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that is not ready after so long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables of this file (NAME=VALUE lines)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'Ask the command to end with this signal, not the one that gipc got')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill what has not ended so long after it was asked to')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'Start the command again when it ends')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart, doubling from the first to the last value, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after so many restarts within this time')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--guard-stdout', '--guard-stdout', [CompletionResultType]::ParameterName, 'With --wire stdio: a line of the worker''s standard output that is not JSON is no message, and goes to standard error')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;pipe' {
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'How messages are encoded on standard input, or `none`')
            [CompletionResult]::new('--wire', '--wire', [CompletionResultType]::ParameterName, 'Where the worker''s messages go in and out')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'How the worker''s messages are encoded [default: u32; with --wire stdio or node: lines]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How messages are encoded on standard output, or `none`')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is accepted')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message to this file, a JSON object on each line')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that is not ready after so long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables of this file (NAME=VALUE lines)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'Ask the command to end with this signal, not the one that gipc got')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill what has not ended so long after it was asked to')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'Start the command again when it ends')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart, doubling from the first to the last value, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after so many restarts within this time')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--guard-stdout', '--guard-stdout', [CompletionResultType]::ParameterName, 'With --wire stdio: a line of the worker''s standard output that is not JSON is no message, and goes to standard error')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;replay' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Play the messages of this channel only')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'Play the messages of this channel only')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'Wait between messages as long as it was, divided by this number; `max`: do not wait')
            [CompletionResult]::new('--wire', '--wire', [CompletionResultType]::ParameterName, 'Where the worker''s messages go in and out')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'How the worker''s messages are encoded [default: u32; with --wire stdio or node: lines]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How messages are encoded on standard output, or `none`')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is accepted')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message to this file, a JSON object on each line')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that is not ready after so long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables of this file (NAME=VALUE lines)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'Ask the command to end with this signal, not the one that gipc got')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill what has not ended so long after it was asked to')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'Start the command again when it ends')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart, doubling from the first to the last value, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after so many restarts within this time')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--guard-stdout', '--guard-stdout', [CompletionResultType]::ParameterName, 'With --wire stdio: a line of the worker''s standard output that is not JSON is no message, and goes to standard error')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;pool' {
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'How many workers [default: the number of processors]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'How many workers [default: the number of processors]')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'How many messages a worker may have that it has not answered')
            [CompletionResult]::new('--ack', '--ack', [CompletionResultType]::ParameterName, 'When a message is done with: when its answer has come, or when it was read')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How often a message is sent again that has ended its worker')
            [CompletionResult]::new('--dead-letter', '--dead-letter', [CompletionResultType]::ParameterName, 'Append messages that were not answered to this file, a JSON object on each line')
            [CompletionResult]::new('--message-timeout', '--message-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that takes longer than this for an answer')
            [CompletionResult]::new('--halt', '--halt', [CompletionResultType]::ParameterName, 'End early: `now` or `soon`, a comma, `fail`, `success` or `done`, =N or =N%')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Tell on standard error how far it has come: a bar with rate and remaining time')
            [CompletionResult]::new('--joblog', '--joblog', [CompletionResultType]::ParameterName, 'Note each message that is done in this file, with the columns of GNU parallel''s')
            [CompletionResult]::new('--max-messages', '--max-messages', [CompletionResultType]::ParameterName, 'Replace a worker after so many messages')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Replace a worker that has come to use more memory than this, when it has answered')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'How messages are encoded on standard input, or `none`')
            [CompletionResult]::new('--wire', '--wire', [CompletionResultType]::ParameterName, 'Where the worker''s messages go in and out')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'How the worker''s messages are encoded [default: u32; with --wire stdio or node: lines]')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is accepted')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message to this file, a JSON object on each line')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that is not ready after so long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables of this file (NAME=VALUE lines)')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'Ask the command to end with this signal, not the one that gipc got')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill what has not ended so long after it was asked to')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart, doubling from the first to the last value, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after so many restarts within this time')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'Start the command again when it ends')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How answers are written to standard output: a framing, `none`, or `json` for an object with the message''s number, its worker, how often and how long it was tried, and the reply or the error')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Write answers in the order of their messages')
            [CompletionResult]::new('--keep-order', '--keep-order', [CompletionResultType]::ParameterName, 'Write answers in the order of their messages')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Leave out the messages that the joblog tells of, by their numbers')
            [CompletionResult]::new('--shuf', '--shuf', [CompletionResultType]::ParameterName, 'Send messages in a random order, once all of them are there')
            [CompletionResult]::new('--guard-stdout', '--guard-stdout', [CompletionResultType]::ParameterName, 'With --wire stdio: a line of the worker''s standard output that is not JSON is no message, and goes to standard error')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;up' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The file [default: gipc.toml, else Procfile, unless there is --process]')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The file [default: gipc.toml, else Procfile, unless there is --process]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'A process, run by a shell; may be repeated')
            [CompletionResult]::new('--process', '--process', [CompletionResultType]::ParameterName, 'A process, run by a shell; may be repeated')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc''s own standard input and output are `-`')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc''s own standard input and output are `-`')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End the whole run after this long, with exit code 124')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Be the session of this name, which gipc-ps(1) and the like can ask and control; `up` always is one, by default with the name in its file, or else that of the folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: as JSON, or into a .xml file as JUnit XML')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How log lines on standard error look')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Come back when all are ready, and go on in the background: see gipc-ps(1), gipc-logs(1) and gipc-down(1). Where one has failed, come back with its exit code')
            [CompletionResult]::new('--detach', '--detach', [CompletionResultType]::ParameterName, 'Come back when all are ready, and go on in the background: see gipc-ps(1), gipc-logs(1) and gipc-down(1). Where one has failed, come back with its exit code')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a PID namespace of its own, so that even killing both processes of gipc at once leaves nothing behind (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more; twice for what gipc does in detail')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;send' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The channel, by its name; otherwise the first')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'The channel, by its name; otherwise the first')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this for the first byte of a message to move; then end with 124')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is accepted')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;recv' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The channel, by its name; otherwise the first')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'The channel, by its name; otherwise the first')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this for the first byte of a message to move; then end with 124')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is accepted')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Take so many messages')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Take so many messages')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How messages are written to standard output; a single one is written as it is, with a newline after it')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Take all messages until the end of the channel')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Take all messages until the end of the channel')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;call' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this for the first byte of a message to move; then end with 124')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message that is accepted')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the reply is written to standard output; otherwise as it is, with a newline after it')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;ps' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print everything, as JSON')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Draw the table anew every second, until q or Ctrl-C; then the processor time is that since the last one')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Draw the table anew every second, until q or Ctrl-C; then the processor time is that since the last one')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;why' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print it as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;logs' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Begin with so many lines [default: all that are kept]')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'Begin with so many lines [default: all that are kept]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Go on with the lines that come, until the session ends; one who does not keep up is told how many lines were skipped')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Go on with the lines that come, until the session ends; one who does not keep up is told how many lines were skipped')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;tap' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show those messages only that are JSON and have this value at this JSON pointer (RFC 6901)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Show the messages as a record has them, a JSON object on each line, see gipc-replay(1)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;start' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;stop' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;restart' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;signal' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;scale' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;wait' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this; then end with 124')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'Wait until they are ready; with exit code 1 where one has ended without being it')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;reload' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;down' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The session, by its name [default: the one that this command was started by, else that of the current folder]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Kill what has not ended after this long')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;check' {
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Describe a process, whose command a shell is to run; may be repeated. Without FILE none is read')
            [CompletionResult]::new('--process', '--process', [CompletionResultType]::ParameterName, 'Describe a process, whose command a shell is to run; may be repeated. Without FILE none is read')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc''s own standard input and output are `-`')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'A channel between them, from one to another; may be repeated. A port is a descriptor, or `stdin`, or `stdout`; gipc''s own standard input and output are `-`')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print everything, as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;schema' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'gipc;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'gipc;man' {
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Write all pages and completions into this folder')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'gipc;help' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
