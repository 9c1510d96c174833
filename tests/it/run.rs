//! `gipc run`: messages in, messages out.

use crate::support::*;

#[test]
fn lines_become_messages_and_messages_lines() {
    gipc(["run", "--", CHILD, "upper"]).with_input("one\n\nthree").said("ONE\n\nTHREE\n");
}

#[test]
fn a_shell_loop_gets_every_message_in_order() {
    let script = "while m=$(gipc recv); do gipc send \"<$m>\"; done";
    let expected: String = (1..=1000).map(|number| format!("<{number}>\n")).collect();
    gipc(["run", "--", "bash", "-c", script]).with_input(seq(1000)).said(expected);
}

#[test]
fn what_a_worker_prints_goes_to_standard_error() {
    let script = "echo out; echo err >&2; printf tail";
    let ended = gipc(["run", "--", "sh", "-c", script]).with_input("");
    assert_eq!(ended.text(), "");
    let mut lines: Vec<_> = ended.stderr.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["err", "out", "tail"]);
    assert!(ended.stderr.ends_with('\n'));
}

#[test]
fn log_lines_can_be_json() {
    let script = "echo 'a \"b\"'; printf '\\377'";
    let ended = gipc(["run", "--log-format", "json", "--", "sh", "-c", script]).with_input("");
    let lines: Vec<serde_json::Value> =
        ended.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["line"], "a \"b\"");
    assert_eq!(lines[0]["instance"], "sh.1");
    assert_eq!(lines[0]["stream"], "stdout");
    assert_eq!(lines[1]["line"], "\u{fffd}");
}

#[test]
fn a_very_long_line_is_passed_on_whole() {
    let script = "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end";
    let ended = gipc(["run", "--", "sh", "-c", script]).with_input("");
    assert_eq!(ended.stderr, format!("{}\nend\n", "x".repeat(1_000_000)));
}

#[test]
fn the_last_line_and_the_last_message_are_never_lost() {
    for _ in 0..rounds(200) {
        gipc(["run", "--", CHILD, "last-words"]).with_input("").ended(7, "message\n", "line\n");
    }
}

#[test]
fn a_large_message_goes_through_whole() {
    let mut message = "x".repeat(20_000_000);
    message.push('\n');
    gipc(["run", "--", CHILD, "upper"]).with_input(message.clone()).said(message.to_uppercase());
}

#[test]
fn a_message_over_the_limit_is_an_error_that_names_it() {
    let mut gipc = words("run --max-message 1KiB --");
    let ended = gipc.args([CHILD, "upper"]).with_input(format!("ok\n{}\nlost\n", "x".repeat(1025)));
    ended.failed(1, &["standard input", "exceeds the limit of 1024"]);
    assert_eq!(ended.text(), "OK\n");
}

#[test]
fn a_worker_that_writes_lines_on_a_u32_channel_is_told_so() {
    let ended = gipc(["run", "--", "sh", "-c", "echo hello world >&4; cat <&3"]).with_input("x\n");
    ended.failed(1, &["channel `out` from sh.1", "68 65 6c 6c", "hell", "--framing lines"]);
}

#[test]
fn a_message_that_lines_cannot_carry_is_refused_by_name_and_the_rest_goes_on() {
    let mut gipc = words("run --input netstring --output lines --");
    let ended = gipc.args([CHILD, "upper"]).with_input("3:one,5:tw\no!,5:three,");
    ended.failed(1, &["channel `out`, message 2", "newline", "`lines`", "netstring"]);
    assert_eq!(ended.text(), "ONE\nTHREE\n");
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
}

#[test]
fn a_truncated_message_is_reported_and_not_delivered() {
    let folder = scratch();
    let report = folder.path().join("report.json");
    let mut gipc = words("run --report");
    let ended = gipc.arg(&report).args(["--", CHILD, "half-frame"]).with_input("");
    ended.failed(1, &["channel `out`, truncated message from gipc-test-child.1", "6 of 14 bytes"]);
    assert_eq!(ended.text(), "whole\n");
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["instances"][0]["channels"][1]["truncated"], 1);
    assert_eq!(report["instances"][0]["channels"][1]["messages"], 1);
}

#[test]
fn truncated_standard_input_is_reported() {
    let mut gipc = words("run --input u32 --");
    let ended = gipc.args([CHILD, "upper"]).with_input("\0\0\0\x02ok\0\0\0\x09cut");
    ended.failed(1, &["truncated message from -", "7 of 13 bytes"]);
    assert_eq!(ended.text(), "OK\n");
}

#[test]
fn messages_that_nobody_read_are_counted_and_said() {
    let folder = scratch();
    let report = folder.path().join("report.json");
    let mut gipc = words("run --report");
    let script = "gipc recv >/dev/null; gipc recv >/dev/null; exec 3<&-; cat >/dev/null";
    let ended = gipc.arg(&report).args(["--", "bash", "-c", script]).with_input(seq(5));
    ended.failed(0, &["bash.1 ended without reading 3 of its messages"]);
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    assert_eq!(report["instances"][0]["channels"][0]["messages"], 5);
    assert_eq!(report["instances"][0]["channels"][0]["unread"], 3);
}

#[test]
fn an_output_that_nobody_reads_ends_gipc_quietly() {
    let script = "set -o pipefail; yes | gipc run -- gipc-test-child upper | head -n 1";
    let ended = command("bash").args(["-c", script]).end();
    assert_eq!(ended.text(), "Y\n");
    assert_eq!(ended.code(), 128 + libc::SIGPIPE, "{ended:?}");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_full_disk_is_an_error_that_says_so() {
    let script = "seq 100000 | gipc run --wire stdio -- cat > /dev/full";
    let ended = command("bash").args(["-c", script]).end();
    ended.failed(125, &["cannot write to standard output", "No space left on device"]);
}

#[test]
fn a_closed_standard_output_is_an_error_that_says_so() {
    for line in ["echo a | gipc run --wire stdio -- cat", "gipc schema"] {
        let ended = command("bash").args(["-c", &format!("{line} >&-")]).end();
        ended.failed(125, &["cannot write to standard output: Bad file descriptor"]);
    }
    // As it is for the command without gipc.
    let ended = command("bash").args(["-c", "gipc exec -- cat /etc/passwd >&-"]).end();
    ended.failed(1, &["Bad file descriptor"]);
}

#[test]
fn a_closed_standard_input_is_an_empty_one() {
    let script = "gipc run -- gipc-test-child upper <&-";
    command("bash").args(["-c", script]).end().said("");
}

#[test]
fn a_worker_without_input_sends_all_the_same() {
    let mut gipc = words("run --input none --");
    gipc.args(["sh", "-c", "gipc send one; gipc send two"]).end().said("one\ntwo\n");
}

#[test]
fn a_worker_without_output_takes_all_the_same() {
    let mut gipc = words("run --output none --");
    let ended = gipc.args(["sh", "-c", "gipc recv --follow"]).with_input("a\nb\n");
    ended.ended(0, "", "a\nb\n");
    let mut gipc = words("run --wire stdio --output none --");
    gipc.args(["cat"]).with_input("a\nb\n").ended(0, "", "a\nb\n");
}

#[test]
fn programs_that_know_nothing_of_gipc_work_on_stdio() {
    let mut gipc = words("run --wire stdio -- tr a-z A-Z");
    gipc.with_input("one\ntwo\n").said("ONE\nTWO\n");
    if has("jq") {
        let mut gipc = words("run --wire stdio -- jq -c --unbuffered .+1");
        gipc.with_input("1\n2\n").said("2\n3\n");
    }
}

#[test]
fn the_record_holds_every_message_both_ways() {
    let folder = scratch();
    let path = folder.path().join("record.jsonl");
    let mut gipc = words("run --input nul --output nul --record");
    gipc.arg(&path).args(["--", CHILD, "upper"]).with_input("text\0").said("TEXT\0");
    let record = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let entries = record();
    assert_eq!(entries.len(), 2, "{entries:?}");
    let sent = &entries[0];
    assert_eq!(sent["channel"], "in");
    assert_eq!(sent["from"], "-");
    assert_eq!(sent["to"], "gipc-test-child.1");
    assert_eq!(sent["seq"], 1);
    assert_eq!(sent["size"], 4);
    assert_eq!(sent["text"], "text");
    assert!(sent["time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(entries[1]["channel"], "out");
    assert_eq!(entries[1]["text"], "TEXT");
    // It is appended to, and what is not UTF-8 is there too.
    let mut gipc = words("run --input nul --output nul --record");
    let ended = gipc.arg(&path).args(["--", CHILD, "upper"]).with_input(b"\xff\0".to_vec());
    assert_eq!(ended.stdout, b"\xff\0");
    assert_eq!(record()[2]["base64"], "/w==");
}

#[test]
fn a_record_that_cannot_be_written_is_an_error() {
    let ended = words("run --record /no/such/folder/r.jsonl -- echo started").end();
    ended.failed(125, &["cannot write the record `/no/such/folder/r.jsonl`"]);
    let mut gipc = words("run --record /dev/full --");
    let ended = gipc.args([CHILD, "upper"]).with_input("one\n");
    ended.failed(125, &["cannot write the record: `/dev/full`: No space left"]);
}

#[test]
fn a_worker_gets_messages_when_it_is_ready() {
    // Each says that it is ready only once it has seen that nothing was there for it.
    let unread = "gipc recv --timeout 50ms; [ $? = 124 ] && echo nothing yet >&2;";
    let go_on = "; m=$(gipc recv); gipc send \"$m\"";
    for (condition, say) in [
        ("fd:5", "echo >&5"),
        ("log:^ready (now|then)$", "echo ready now"),
        ("message", "gipc send hello"),
    ] {
        let script = format!("{unread}{say}{go_on}");
        let mut gipc = gipc(["run", "--ready", condition, "--", "sh", "-c", &script]);
        let ended = gipc.with_input("one\n");
        assert_eq!(ended.code(), 0, "{condition}: {ended:?}");
        assert!(ended.stderr.contains("nothing yet"), "{condition}: {ended:?}");
        assert!(ended.text().ends_with("one\n"), "{condition}: {ended:?}");
    }
    let script = format!("{unread}{}", &go_on[1..]);
    let mut gipc = gipc(["run", "--ready", "delay:300ms", "--", "sh", "-c", &script]);
    let ended = gipc.with_input("one\n");
    assert!(ended.stderr.contains("nothing yet"), "{ended:?}");
    assert_eq!(ended.text(), "one\n");
}

#[test]
fn a_worker_that_is_not_ready_in_time_is_stopped() {
    let mut gipc = words("run --ready message --ready-timeout 50ms -- sleep 1000");
    gipc.with_input("one\n").failed(124, &["sleep.1 was not ready within 50ms"]);
}

#[test]
fn usr1_tells_how_things_stand() {
    let mut gipc = gipc(["run", "--", CHILD, "upper"]).begin();
    gipc.write(b"one\n");
    assert_eq!(gipc.line(), "ONE");
    gipc.signal(libc::SIGUSR1);
    let seen = gipc.stderr_until("gipc-test-child.1 out: 1 messages, 3 bytes");
    assert!(seen.contains("gipc-test-child.1  running "), "{seen}");
    assert!(seen.contains("gipc-test-child.1 in: 1 messages, 3 bytes"), "{seen}");
    drop(gipc.0.stdin.take());
    assert_eq!(gipc.end().code(), 0);
}

#[test]
fn usr2_reopens_the_record() {
    let folder = scratch();
    let (path, old) = (folder.path().join("record.jsonl"), folder.path().join("old.jsonl"));
    let mut command = words("run --record");
    let mut gipc = command.arg(&path).args(["--", CHILD, "upper"]).begin();
    gipc.write(b"one\n");
    gipc.line();
    std::fs::rename(&path, &old).unwrap();
    gipc.signal(libc::SIGUSR2);
    eventually(|| path.exists());
    gipc.write(b"two\n");
    gipc.line();
    drop(gipc.0.stdin.take());
    assert_eq!(gipc.end().code(), 0);
    assert!(std::fs::read_to_string(&old).unwrap().contains("\"one\""));
    assert!(std::fs::read_to_string(&path).unwrap().contains("\"two\""));
}

#[test]
fn where_a_record_cannot_be_reopened_the_old_one_goes_on() {
    let folder = scratch();
    let (now, then) = (folder.path().join("now"), folder.path().join("then"));
    std::fs::create_dir(&now).unwrap();
    let path = now.join("record.jsonl");
    let mut command = words("run --record");
    let mut gipc = command.arg(&path).args(["--", CHILD, "upper"]).begin();
    gipc.write(b"one\n");
    gipc.line();
    std::fs::rename(&now, &then).unwrap();
    gipc.signal(libc::SIGUSR2);
    let told = gipc.stderr_until("cannot reopen");
    let expected = format!(
        "gipc: cannot reopen the record `{}`: No such file or directory (os error 2); going on with \
         the old file\n",
        path.display()
    );
    assert_eq!(told, expected);
    gipc.write(b"two\n");
    assert_eq!(gipc.line(), "TWO");
    drop(gipc.0.stdin.take());
    gipc.end().said("");
    let record = std::fs::read_to_string(then.join("record.jsonl")).unwrap();
    assert!(record.contains("\"one\"") && record.contains("\"two\""), "{record}");
}

/// How much a pipe holds.
#[expect(unsafe_code, reason = "FIONREAD")]
fn unread(pipe: &impl std::os::fd::AsRawFd) -> i32 {
    nix::ioctl_read_bad!(fionread, libc::FIONREAD, libc::c_int);
    let mut unread = 0;
    // SAFETY: writes one int.
    unsafe { fionread(pipe.as_raw_fd(), &raw mut unread).unwrap() };
    unread
}

#[test]
fn a_stuck_standard_error_keeps_no_signal_away() {
    let mut gipc = gipc(["run", "--grace", "100ms", "--", "sh", "-c", "exec yes >&2"]);
    let mut gipc = gipc.begin();
    // Nobody reads its standard error; when the pipe is full the worker stands still.
    eventually(|| unread(gipc.0.stderr.as_ref().unwrap()) >= 60_000);
    gipc.signal(libc::SIGTERM);
    let status = gipc.0.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(libc::SIGTERM));
}

#[test]
fn a_stuck_standard_output_keeps_no_signal_and_no_timeout_away() {
    let script = "yes | head -n 400000; echo ready >&2";
    for (options, code) in [("", None), ("--timeout 2s", Some(124))] {
        let mut command =
            words(&format!("run --grace 100ms --input none --wire stdio {options} --"));
        let mut gipc = command.args(["sh", "-c", script]).begin();
        if code.is_none() {
            // The worker never gets to its last word: nobody reads.
            eventually(|| unread(gipc.0.stdout.as_ref().unwrap()) >= 60_000);
            gipc.signal(libc::SIGTERM);
        }
        assert_eq!(gipc.0.wait().unwrap().code(), code);
    }
}

#[test]
fn standard_streams_that_do_not_block_lose_nothing() {
    // Whoever set O_NONBLOCK on them shares them with us. There is nothing to read at first, and no room
    // to write after a while.
    let script = "import fcntl, os, subprocess, sys, termios, threading, time\n\
        i_r, i_w = os.pipe(); o_r, o_w = os.pipe(); e_r, e_w = os.pipe()\n\
        [os.set_blocking(fd, False) for fd in (i_r, o_w, e_w)]\n\
        p = subprocess.Popen(sys.argv[1:], stdin=i_r, stdout=o_w, stderr=e_w)\n\
        [os.close(fd) for fd in (i_r, o_w, e_w)]\n\
        def feed():\n  f = os.fdopen(i_w, 'wb')\n  \
        [f.write(b'%d\\n' % n) for n in range(1, 100000)]; f.close()\n\
        def unread(fd):\n  return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)\n\
        def slow(fd, into):\n  while unread(fd) < 60000: time.sleep(0.01)\n  into.append(os.fdopen(fd, 'rb').read())\n\
        os.write(i_w, b'0\\n'); print(os.read(o_r, 2), os.read(e_r, 2))\n\
        out, err = [], []\n\
        ts = [threading.Thread(target=t, args=a) for t, a in ((feed, ()), (slow, (o_r, out)), (slow, (e_r, err)))]\n\
        [t.start() for t in ts]; [t.join() for t in ts]\n\
        want = b''.join(b'%d\\n' % n for n in range(1, 100000))\n\
        print(p.wait(), out[0] == want, err[0] == want)\n";
    let worker = "tee /dev/stderr";
    let mut python = command("python3");
    python.args(["-c", script, GIPC, "run", "--wire", "stdio", "--", "sh", "-c", worker]);
    python.end().said("b'0\\n' b'0\\n'\n0 True True\n");
}

#[test]
#[cfg(target_os = "linux")]
fn pipes_at_the_standard_streams_need_no_thread_and_stay_as_they_are() {
    let mut gipc = gipc(["run", "--wire", "stdio", "--", "cat"]).begin();
    gipc.write(b"one\n");
    assert_eq!(gipc.line(), "one");
    for pid in [gipc.pid(), children(gipc.pid())[0]] {
        let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().count();
        assert_eq!(threads, 1, "process {pid}");
    }
    for fd in 0..=2 {
        let told = std::fs::read_to_string(format!("/proc/{}/fdinfo/{fd}", gipc.pid())).unwrap();
        let flags = told.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
        let flags = i32::from_str_radix(flags, 8).unwrap();
        assert_eq!(flags & libc::O_NONBLOCK, 0, "descriptor {fd}: {told}");
    }
    gipc.0.stdin.take();
    gipc.end().said("");
}

#[test]
fn what_was_there_for_a_worker_that_ended_is_always_said() {
    // The worker ends before gipc may have looked at its input, or before it was ready.
    let folder = scratch();
    let file = folder.path().join("input");
    std::fs::write(&file, seq(3)).unwrap();
    for options in ["", "--ready message"] {
        for _ in 0..20 {
            let mut command = words(&format!("run {options} -- true"));
            let ended = command.stdin(std::fs::File::open(&file).unwrap()).end();
            ended.failed(0, &["true.1 ended without reading 3 of its messages", "--wire stdio"]);
        }
    }
}
