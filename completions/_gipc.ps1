
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
            [CompletionResult]::new('exec', 'exec', [CompletionResultType]::ParameterValue, 'Run a command as it is, and leave none of its processes behind')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Run a worker: lines of standard input become its messages, its messages become lines of standard output')
            [CompletionResult]::new('pipe', 'pipe', [CompletionResultType]::ParameterValue, 'Run several workers in a row, each reading the messages that the previous one sends')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Replay recorded messages to standard output or to a worker')
            [CompletionResult]::new('pool', 'pool', [CompletionResultType]::ParameterValue, 'Distribute messages among persistent workers; a crash loses none')
            [CompletionResult]::new('up', 'up', [CompletionResultType]::ParameterValue, 'Run the processes of a gipc.toml or Procfile together, and leave none of them behind')
            [CompletionResult]::new('send', 'send', [CompletionResultType]::ParameterValue, 'Send a message on an inherited channel, or to a process of a session')
            [CompletionResult]::new('recv', 'recv', [CompletionResultType]::ParameterValue, 'Receive a message from an inherited channel')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Send a message and print the reply')
            [CompletionResult]::new('ps', 'ps', [CompletionResultType]::ParameterValue, 'Show the status of a session''s processes')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Explain why a process is in its current state')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Show the output of a session''s processes')
            [CompletionResult]::new('tap', 'tap', [CompletionResultType]::ParameterValue, 'Show the messages of a session as they pass')
            [CompletionResult]::new('start', 'start', [CompletionResultType]::ParameterValue, 'Start processes that have ended or were stopped')
            [CompletionResult]::new('stop', 'stop', [CompletionResultType]::ParameterValue, 'Stop processes, until they are started again')
            [CompletionResult]::new('restart', 'restart', [CompletionResultType]::ParameterValue, 'Stop processes and start them again')
            [CompletionResult]::new('signal', 'signal', [CompletionResultType]::ParameterValue, 'Send a signal to processes')
            [CompletionResult]::new('scale', 'scale', [CompletionResultType]::ParameterValue, 'Change the number of instances of a process')
            [CompletionResult]::new('wait', 'wait', [CompletionResultType]::ParameterValue, 'Wait until processes have ended, and exit with their exit code')
            [CompletionResult]::new('reload', 'reload', [CompletionResultType]::ParameterValue, 'Make a session of `up` reread its file')
            [CompletionResult]::new('down', 'down', [CompletionResultType]::ParameterValue, 'Stop all processes of a session, in order, and end it')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check a gipc.toml or Procfile, and print what it means')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of gipc.toml, for editors')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print completions for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a manual page, as roff: `gipc man run | man -l -`')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print help for gipc or for a command')
            break
        }
        'gipc;exec' {
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'The signal that asks the command to stop [default: the one that gipc received]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill whatever has not ended this long after the stop signal')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'When to restart the command after it ends')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart; it doubles from MIN to MAX, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after more than COUNT restarts within DURATION')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'The format of log lines on standard error')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc''s processes are killed at once (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;run' {
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'How messages are encoded on standard input, or `none`')
            [CompletionResult]::new('--wire', '--wire', [CompletionResultType]::ParameterName, 'Where the worker reads and writes its messages')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'How the worker''s messages are encoded [default: u32; with --wire stdio or node: lines]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How messages are encoded on standard output, or `none`')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message to accept [default: 64MiB]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message to this file, one JSON object per line')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that is not ready after this long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'The signal that asks the command to stop [default: the one that gipc received]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill whatever has not ended this long after the stop signal')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'When to restart the command after it ends')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart; it doubles from MIN to MAX, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after more than COUNT restarts within DURATION')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'The format of log lines on standard error')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--guard-stdout', '--guard-stdout', [CompletionResultType]::ParameterName, 'With --wire stdio: send lines of the worker''s standard output that are not JSON to standard error, and do not treat them as messages')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc''s processes are killed at once (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;pipe' {
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'How messages are encoded on standard input, or `none`')
            [CompletionResult]::new('--wire', '--wire', [CompletionResultType]::ParameterName, 'Where the worker reads and writes its messages')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'How the worker''s messages are encoded [default: u32; with --wire stdio or node: lines]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How messages are encoded on standard output, or `none`')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message to accept [default: 64MiB]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message to this file, one JSON object per line')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that is not ready after this long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'The signal that asks the command to stop [default: the one that gipc received]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill whatever has not ended this long after the stop signal')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'When to restart the command after it ends')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart; it doubles from MIN to MAX, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after more than COUNT restarts within DURATION')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'The format of log lines on standard error')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--guard-stdout', '--guard-stdout', [CompletionResultType]::ParameterName, 'With --wire stdio: send lines of the worker''s standard output that are not JSON to standard error, and do not treat them as messages')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc''s processes are killed at once (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;replay' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Replay the messages of this channel only')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'Replay the messages of this channel only')
            [CompletionResult]::new('--speed', '--speed', [CompletionResultType]::ParameterName, 'Replay at this multiple of the original speed; `max`: without any pauses')
            [CompletionResult]::new('--wire', '--wire', [CompletionResultType]::ParameterName, 'Where the worker reads and writes its messages')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'How the worker''s messages are encoded [default: u32; with --wire stdio or node: lines]')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How messages are encoded on standard output, or `none`')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message to accept [default: 64MiB]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message to this file, one JSON object per line')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that is not ready after this long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'The signal that asks the command to stop [default: the one that gipc received]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill whatever has not ended this long after the stop signal')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'When to restart the command after it ends')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart; it doubles from MIN to MAX, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after more than COUNT restarts within DURATION')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'The format of log lines on standard error')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--guard-stdout', '--guard-stdout', [CompletionResultType]::ParameterName, 'With --wire stdio: send lines of the worker''s standard output that are not JSON to standard error, and do not treat them as messages')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc''s processes are killed at once (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;pool' {
            [CompletionResult]::new('-j', '-j', [CompletionResultType]::ParameterName, 'Number of workers [default: the number of CPUs]')
            [CompletionResult]::new('--jobs', '--jobs', [CompletionResultType]::ParameterName, 'Number of workers [default: the number of CPUs]')
            [CompletionResult]::new('--window', '--window', [CompletionResultType]::ParameterName, 'How many unanswered messages a worker may have at a time')
            [CompletionResult]::new('--ack', '--ack', [CompletionResultType]::ParameterName, 'When a message counts as done')
            [CompletionResult]::new('--retries', '--retries', [CompletionResultType]::ParameterName, 'How many times to resend a message whose worker crashed or timed out after starting to read it')
            [CompletionResult]::new('--dead-letter', '--dead-letter', [CompletionResultType]::ParameterName, 'Append messages that were not answered to this file, one JSON object per line')
            [CompletionResult]::new('--message-timeout', '--message-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that takes longer than this to answer a message')
            [CompletionResult]::new('--halt', '--halt', [CompletionResultType]::ParameterName, 'End early: `now` or `soon`, a comma, `fail`, `success` or `done`, =N or =N%')
            [CompletionResult]::new('--progress', '--progress', [CompletionResultType]::ParameterName, 'Show progress on standard error: a bar with the rate and the time left (--progress=never: do not)')
            [CompletionResult]::new('--joblog', '--joblog', [CompletionResultType]::ParameterName, 'Log each finished message to this file, with the columns of GNU parallel')
            [CompletionResult]::new('--max-messages', '--max-messages', [CompletionResultType]::ParameterName, 'Replace a worker after this many messages')
            [CompletionResult]::new('--max-memory', '--max-memory', [CompletionResultType]::ParameterName, 'Replace a worker that uses more memory than this after an answer')
            [CompletionResult]::new('--wire', '--wire', [CompletionResultType]::ParameterName, 'Where the worker reads and writes its messages')
            [CompletionResult]::new('--framing', '--framing', [CompletionResultType]::ParameterName, 'How the worker''s messages are encoded [default: u32; with --wire stdio or node: lines]')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message to accept [default: 64MiB]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message to this file, one JSON object per line')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When the worker is ready for its first message: message, fd:N, log:REGEX or delay:DURATION')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a worker that is not ready after this long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run in this directory')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop the whole run after this long, with exit code 124')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'The signal that asks the command to stop [default: the one that gipc received]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill whatever has not ended this long after the stop signal')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart; it doubles from MIN to MAX, with jitter')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up after more than COUNT restarts within DURATION')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'The format of log lines on standard error')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'When to restart the command after it ends')
            [CompletionResult]::new('--input', '--input', [CompletionResultType]::ParameterName, 'How messages are encoded on standard input')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How answers are encoded on standard output: a framing, `none`, or `json` for an object with the message''s number, its worker, the number of attempts, the time taken, and the reply or the error')
            [CompletionResult]::new('-k', '-k', [CompletionResultType]::ParameterName, 'Write answers in the order of their messages')
            [CompletionResult]::new('--keep-order', '--keep-order', [CompletionResultType]::ParameterName, 'Write answers in the order of their messages')
            [CompletionResult]::new('--resume', '--resume', [CompletionResultType]::ParameterName, 'Skip the messages that the joblog lists, by their numbers')
            [CompletionResult]::new('--shuf', '--shuf', [CompletionResultType]::ParameterName, 'Send messages in random order, once all have been read')
            [CompletionResult]::new('--guard-stdout', '--guard-stdout', [CompletionResultType]::ParameterName, 'With --wire stdio: send lines of the worker''s standard output that are not JSON to standard error, and do not treat them as messages')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc''s processes are killed at once (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;up' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The file to read [default: gipc.toml, else Procfile; none if there is a --process]')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The file to read [default: gipc.toml, else Procfile; none if there is a --process]')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Add a process, whose COMMAND a shell runs; may be repeated')
            [CompletionResult]::new('--process', '--process', [CompletionResultType]::ParameterName, 'Add a process, whose COMMAND a shell runs; may be repeated')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Add a channel from one process to another; may be repeated. A PORT is a descriptor number, `stdin`, `stdout` or `node` (Node''s process.send); `-` is gipc''s own standard input or output')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'Add a channel from one process to another; may be repeated. A PORT is a descriptor number, `stdin`, `stdout` or `node` (Node''s process.send); `-` is gipc''s own standard input or output')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop the whole run after this long, with exit code 124')
            [CompletionResult]::new('-C', '-C ', [CompletionResultType]::ParameterName, 'Run processes in this directory, unless they have a working_dir [default: that of the file]')
            [CompletionResult]::new('--chdir', '--chdir', [CompletionResultType]::ParameterName, 'Run processes in this directory, unless they have a working_dir [default: that of the file]')
            [CompletionResult]::new('-e', '-e', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env', '--env', [CompletionResultType]::ParameterName, 'Set an environment variable; may be repeated')
            [CompletionResult]::new('--env-file', '--env-file', [CompletionResultType]::ParameterName, 'Set the environment variables in this file (lines of NAME=VALUE; see env_file in gipc-toml(5))')
            [CompletionResult]::new('--stop-signal', '--stop-signal', [CompletionResultType]::ParameterName, 'The signal that asks processes to stop [default: TERM]')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Kill whatever has not ended this long after the stop signal [default: 10s]')
            [CompletionResult]::new('--restart', '--restart', [CompletionResultType]::ParameterName, 'When to restart processes after they end [default: on-failure; in a Procfile: never]')
            [CompletionResult]::new('--backoff', '--backoff', [CompletionResultType]::ParameterName, 'Pause before a restart; it doubles from MIN to MAX, with jitter [default: 100ms..30s]')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Give up a process after more than COUNT restarts within DURATION [default: 5/10s]')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'When a process is ready: any condition of `ready` in gipc-toml(5) [default: at once]')
            [CompletionResult]::new('--ready-timeout', '--ready-timeout', [CompletionResultType]::ParameterName, 'Stop a process that is not ready after this long; it counts as failed [default: 30s]')
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Set a resource limit: NAME=SOFT[:HARD], see setrlimit(2); may be repeated')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Append every message of all channels to this file, one JSON object per line')
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'Run as session NAME, so that gipc-ps(1) and others can query and control it. `up` is always a session, by default with the name given in its file, else the name of its folder')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Write a report of the run to this file: JSON, see gipc-formats(5), or JUnit XML if its name ends in .xml')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'The format of log lines on standard error')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours in log lines')
            [CompletionResult]::new('-d', '-d', [CompletionResultType]::ParameterName, 'Return once all processes are ready, and go on in the background; see gipc-ps(1), gipc-logs(1) and gipc-down(1). If one fails before that, return its exit code')
            [CompletionResult]::new('--detach', '--detach', [CompletionResultType]::ParameterName, 'Return once all processes are ready, and go on in the background; see gipc-ps(1), gipc-logs(1) and gipc-down(1). If one fails before that, return its exit code')
            [CompletionResult]::new('--clear-env', '--clear-env', [CompletionResultType]::ParameterName, 'Start from an empty environment')
            [CompletionResult]::new('--isolate', '--isolate', [CompletionResultType]::ParameterName, 'Run in a separate PID namespace, so that nothing is left behind even when both of gipc''s processes are killed at once (Linux, where user namespaces are allowed)')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print errors only')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print more; twice for the details of what gipc does')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;send' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The name of the channel [default: the first one]')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'The name of the channel [default: the first one]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this for the first byte of a message to be sent or to arrive, then exit with 124')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message to accept')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;recv' {
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'The name of the channel [default: the first one]')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'The name of the channel [default: the first one]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this for the first byte of a message to be sent or to arrive, then exit with 124')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message to accept')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Receive this many messages')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Receive this many messages')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to encode messages on standard output [default: lines; a single message as it is, followed by a newline]')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Receive all messages until the end of the channel')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Receive all messages until the end of the channel')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;call' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this for the first byte of a message to be sent or to arrive, then exit with 124')
            [CompletionResult]::new('--max-message', '--max-message', [CompletionResultType]::ParameterName, 'The largest message to accept')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to encode the reply on standard output [default: as it is, followed by a newline]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;ps' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print everything as JSON')
            [CompletionResult]::new('-w', '-w', [CompletionResultType]::ParameterName, 'Redraw the table every second until q or Ctrl-C is pressed; CPU usage is then that since the last redraw')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Redraw the table every second until q or Ctrl-C is pressed; CPU usage is then that since the last redraw')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;why' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the explanation as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;logs' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Start with this many of the last lines [default: all that are kept]')
            [CompletionResult]::new('--lines', '--lines', [CompletionResultType]::ParameterName, 'Start with this many of the last lines [default: all that are kept]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Use colours')
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'Keep printing new lines until the session ends; a reader that does not keep up is told how many lines were skipped')
            [CompletionResult]::new('--follow', '--follow', [CompletionResultType]::ParameterName, 'Keep printing new lines until the session ends; a reader that does not keep up is told how many lines were skipped')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;tap' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--filter', '--filter', [CompletionResultType]::ParameterName, 'Show only messages that are JSON and have this value at this JSON pointer (RFC 6901)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print messages in the format of a record, one JSON object per line; see gipc-replay(1)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;start' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;stop' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;restart' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;signal' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;scale' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;wait' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Wait no longer than this, then exit with 124')
            [CompletionResult]::new('--ready', '--ready', [CompletionResultType]::ParameterName, 'Wait until they are ready; exit with 1 if one ends before it is ready')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;reload' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;down' {
            [CompletionResult]::new('-s', '-s', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'The name of the session [default: the session that this command was started in, else that of the current folder]')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Kill whatever has not ended after this long')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'gipc;check' {
            [CompletionResult]::new('-f', '-f', [CompletionResultType]::ParameterName, 'The same as FILE, as with gipc-up(1)')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The same as FILE, as with gipc-up(1)')
            [CompletionResult]::new('-p', '-p', [CompletionResultType]::ParameterName, 'Add a process, whose COMMAND a shell would run; may be repeated')
            [CompletionResult]::new('--process', '--process', [CompletionResultType]::ParameterName, 'Add a process, whose COMMAND a shell would run; may be repeated')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Add a channel from one process to another; may be repeated. A PORT is a descriptor number, `stdin`, `stdout` or `node` (Node''s process.send); `-` is gipc''s own standard input or output')
            [CompletionResult]::new('--channel', '--channel', [CompletionResultType]::ParameterName, 'Add a channel from one process to another; may be repeated. A PORT is a descriptor number, `stdin`, `stdout` or `node` (Node''s process.send); `-` is gipc''s own standard input or output')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print everything as JSON')
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
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Write all pages and completions to this folder')
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
