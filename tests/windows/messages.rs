//! Messages: through `run`, `pipe` and `pool`, and by `send`, `recv` and `call`.

use crate::support::{CHILD, GIPC, example, gipc, lines_of, run};

/// So many lines.
fn lines(count: usize) -> String {
    lines_of((1..=count).map(|number| format!("line {number}")))
}

#[test]
fn a_hundred_thousand_messages_go_through_a_worker() {
    let lines = lines(100_000);
    let said = run(gipc(["run", "--"]).arg(example("upper")), &lines);
    assert_eq!((said.code, &*said.stderr), (0, ""));
    assert!(said.stdout == lines.to_uppercase());
}

#[test]
fn a_program_of_the_c_runtime_reads_3_and_writes_4() {
    let lines = lines(1000);
    let said = run(&mut gipc(["run", "--", "upper-c.exe"]), &lines);
    assert_eq!((said.code, &*said.stderr), (0, ""));
    assert!(said.stdout == lines.to_uppercase());
}

#[test]
fn a_worker_may_have_its_messages_on_standard_input_and_output() {
    let said =
        run(&mut gipc(["run", "--wire", "stdio", "--", "sh.exe", "-c", "cat"]), &lines(1000));
    assert_eq!((said.code, said.stdout), (0, lines(1000)));
}

#[test]
fn large_messages_arrive_whole() {
    let line = "x".repeat(5 << 20) + "\n";
    let said = run(gipc(["run", "--"]).arg(example("upper")), &line);
    assert_eq!((said.code, &*said.stderr), (0, ""));
    assert!(said.stdout == line.to_uppercase());
}

#[test]
fn what_a_dead_worker_has_not_read_goes_to_the_next() {
    let options = ["--restart", "always", "--backoff", "1ms..1ms", "--max-restarts", "1000/1s"];
    let lines = lines(50);
    let said =
        run(gipc(["run", "-q"]).args(options).args(["--", CHILD, "dies-after", "7"]), &lines);
    assert_eq!(said.stdout, lines.to_uppercase(), "{said:?}");
}

#[test]
fn stages_of_a_pipe_pass_messages_on() {
    let stages = ["--", "upper-c.exe", ":::", "upper-c.exe", ":::", "upper-c.exe"];
    for relayed in [&[][..], &["--restart", "on-failure"]] {
        let said = run(gipc(["pipe"]).args(relayed).args(stages), &lines(1000));
        assert_eq!((said.code, &*said.stderr), (0, ""));
        assert!(said.stdout == lines(1000).to_uppercase());
    }
}

#[test]
fn a_pool_answers_all_but_the_message_that_kills() {
    let input = lines(100) + "poison\n" + &lines(100);
    let said = run(&mut gipc(["pool", "-j2", "--keep-order", "--", CHILD]), &input);
    let expected = lines(100).to_uppercase().repeat(2);
    assert_eq!((said.code, said.stdout), (1, expected), "{}", said.stderr);
    assert!(said.stderr.contains("message 101"), "{}", said.stderr);
}

#[test]
fn a_message_that_was_read_by_nobody_goes_to_another_of_the_pool() {
    let lines = lines(50);
    let options = ["-q", "-j2", "--ack", "read", "--backoff", "1ms..1ms"];
    let said = run(
        gipc(["pool"]).args(options).args([
            "--max-restarts",
            "1000/1s",
            "--",
            CHILD,
            "dies-after",
            "7",
        ]),
        &lines,
    );
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(sorted(&said.stdout), sorted(&lines.to_uppercase()), "{said:?}");
}

#[test]
fn recv_takes_one_message_and_leaves_the_next() {
    let said = run(&mut gipc(["run", "--", GIPC, "recv"]), "one\ntwo\n");
    assert_eq!(said.stderr.lines().next(), Some("one"), "{said:?}");
    let said = run(&mut gipc(["run", "--", GIPC, "recv", "-n", "2"]), "one\ntwo\n");
    assert_eq!((said.stderr.trim_end(), said.code), ("one\ntwo", 0));
    let said = run(&mut gipc(["run", "--", GIPC, "recv"]), "");
    assert_eq!(said.code, 1, "the channel has ended");
}

#[test]
fn recv_gives_up_after_a_while() {
    let mut waiting = gipc(["run", "--", GIPC, "recv", "--timeout", "50ms"]);
    let mut child = waiting.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let open = child.stdin.take();
    let said = crate::support::end(child);
    assert_eq!(said.code, 124, "{said:?}");
    drop(open);
}

#[test]
fn several_that_send_at_once_do_not_mix() {
    let said = run(&mut gipc(["run", "--input", "none", "--", CHILD, "send", GIPC, "10"]), "");
    assert_eq!(said.code, 0, "{}", said.stderr);
    let mut got: Vec<_> = said.stdout.lines().collect();
    got.sort_unstable();
    let sent: Vec<_> = ('a'..='j').map(|c| String::from(c).repeat(20_000)).collect();
    assert!(got == sent, "{:?}", got.iter().map(|line| line.len()).collect::<Vec<_>>());
}
