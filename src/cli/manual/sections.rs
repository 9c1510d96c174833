//! What the pages say besides the help, as roff: exit statuses, the environment, signals.

pub(super) const EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
The command's own exit code, or 128 + n if it was ended by signal n; otherwise:
";

pub(super) const REFUSED: &str = "\
.TP
1
instead of 0: a message was refused, truncated or malformed
";

pub(super) const SEVERAL_FAILED: &str = "\
.TP
1
several processes failed (gipc-up(1))
";

pub(super) const POOL_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
every message was answered, or \\-\\-halt ended the run early and has counted no failure; with
\\-\\-ack read, every worker succeeded
.TP
1
a message was not answered, refused, truncated or malformed
.PP
If all workers fail for good and messages are left, the exit code is that of the last one that failed,
or 128 + n if it was ended by signal n. Otherwise:
";

pub(super) const USAGE_AND_FAILURES: &str = "\
.TP
2
wrong usage
.TP
124
timeout
.TP
125
gipc itself failed
.TP
126
the command was found but cannot be executed
.TP
127
the command was not found
";

pub(super) const DIES_OF_THE_SIGNAL: &str = "\
.PP
When a signal ends gipc, it first stops everything and then dies of that same signal, so that a
calling script stops too.
";

pub(super) const WINDOWS: &str = "\
.SH WINDOWS
All commands are available. What Windows does not have is refused, with the reason: users, groups,
limits, nice values and umask, \\-\\-isolate and \\-\\-detach, sd_notify(3) and LISTEN_FDS. There
are no signals: Ctrl-C, Ctrl-Break, closing the console and logging off stop gipc in order, and a
second one kills. A command can be sent TERM, which is Ctrl-Break, and KILL.
.PP
gipc is a single process, and all commands are in one job object, which ends whatever is left, however
gipc ends. A command that does not share gipc's console cannot be asked to stop and is ended at once,
and so is whatever a command leaves behind.
.PP
Exit codes have 32 bits. If the console ended gipc, its exit code is c000013a, so that a batch file
stops too. Shell commands are run by cmd.exe, which gets them unchanged. A batch file can be run like
any other command, except with arguments that cmd.exe would change. The timeout of gipc-send(1) limits
only the wait for other senders.
";

pub(super) const UP_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
The code of the process that decided the end of the session, by the \"exit\" rule of the file (see
gipc-toml(5)). By default that is 0 if all processes succeeded, the code of the one that failed, or 1 if
several failed or one was never started. Otherwise:
.TP
2
wrong usage, or an invalid file
.TP
124
timeout
.TP
125
gipc itself failed
";

pub(super) const UP_STOP_SIGNALS: &str = "\
.SH SIGNALS
.TP
INT, TERM, HUP
The first one stops all processes, in reverse order of their dependencies and writers of channels before
readers: each gets its stop_signal and is killed if it has not ended after its stop_grace_period. A
reader whose writers have ended sees the end of its messages, and has that time to end by itself before
it gets the signal. A second one kills everything at once.
";

pub(super) const UP_OTHER_SIGNALS: &str = "\
.TP
USR2
reopens the files of logs, records and dead letters
.TP
TSTP, CONT
stop and continue everything; timers do not run in between
.PP
All other signals are forwarded to every process.
";

pub(super) const TALK_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the message was sent, or received
.TP
1
the channel has ended; or the message does not fit its framing; or the channel of a session refused or
dropped messages
.TP
2
wrong usage; or the session has no such process
.TP
124
no message could be sent or received within \\-\\-timeout
.TP
125
there is no such channel, or it is broken; or there is no such session, or it ended in the meantime
";

pub(super) const CHECK_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the file is valid
.TP
2
the file is invalid or cannot be read; or wrong usage
";

pub(super) const CONTROL_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
success
.TP
2
wrong usage, or there is no such process
.TP
125
the request failed, or there is no such session, or it ended in the meantime
";

pub(super) const RELOAD_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
.TP
0
the session now follows the file
.TP
2
wrong usage, or an invalid file
.TP
125
the request failed, or there is no such session, or it ended in the meantime
";

pub(super) const WAIT_EXIT_STATUS: &str = "\
.SH \"EXIT STATUS\"
The code of the process that failed, or 128 + n if it was ended by signal n; 1 if several failed or one
was never started; else 0. Otherwise:
.TP
1
with \\-\\-ready: a process ended before it was ready
.TP
2
wrong usage, or there is no such process
.TP
124
timeout
.TP
125
there is no such session, or it ended in the meantime
";

pub(super) const ENVIRONMENT: &str = "\
.SH ENVIRONMENT
Every option can also be given as GIPC_<OPTION>, with _ for \\-: GIPC_TIMEOUT=10s, GIPC_LOG_FORMAT=json.
The command line overrides the environment. The commands that gipc starts do not inherit these variables.
.PP
A variable that conflicts with an option on the command line has no effect, as GIPC_QUIET=1 with
\\-\\-verbose. \\-\\-name has no variable, because GIPC_NAME tells each process its own name. A variable
applies to every command that has an option of that name: GIPC_TIMEOUT limits a run, and also how long
gipc-send(1), gipc-recv(1), gipc-wait(1) and gipc-down(1) wait; GIPC_READY is the condition of a worker,
and also \\-\\-ready of gipc-wait(1); GIPC_CHANNEL is that of gipc-up(1) and also of gipc-send(1). Such
a variable is best set for a single command.
.PP
NO_COLOR and FORCE_COLOR are honoured.
";

pub(super) const STOP_SIGNALS: &str = "\
.SH SIGNALS
.TP
INT, TERM, HUP
The first one stops in order: the command gets the same signal, or that of \\-\\-stop\\-signal, and whatever
has not ended after \\-\\-grace is killed. A second one kills everything at once.
";

pub(super) const POOL_STOP_SIGNALS: &str = "\
.SH SIGNALS
.TP
INT
The first one stops giving out messages and waits until the workers have answered those that they have,
with no limit but \\-\\-message\\-timeout and \\-\\-timeout. A second one kills everything at once.
With \\-\\-ack read, INT does what TERM does.
.TP
TERM, HUP
The first one stops in order: the workers get the same signal, or that of \\-\\-stop\\-signal, and
whatever has not ended after \\-\\-grace is killed. A second one, or one after INT, kills everything at
once.
";

pub(super) const STATUS_SIGNAL: &str = "\
.TP
QUIT
kills everything at once
.TP
USR1
prints the status of every instance on standard error
";

pub(super) const REOPEN_SIGNAL: &str = "\
.TP
USR2
reopens the files of records and dead letters
";

pub(super) const OTHER_SIGNALS: &str = "\
.TP
TSTP, CONT
stop and continue everything; timers do not run in between
.PP
All other signals are forwarded to the command. On a terminal, the command of gipc-exec(1) gets Ctrl-C,
Ctrl-\\e and Ctrl-Z itself, as without gipc, and gipc follows it. A HUP that was ignored when gipc was
started, as by nohup(1), has no effect.
";
