//! `gipc::Command`: descriptors at any number, and errors that stay out of them.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};

use gipc::process::ExitStatus;
use gipc::spawn::{ChildFd, SpawnError};

use crate::support::*;

fn pipe() -> (File, OwnedFd) {
    let (read, write) = std::io::pipe().unwrap();
    (File::from(OwnedFd::from(read)), write.into())
}

#[test]
fn every_target_from_3_to_20_works_at_once() {
    let (mut read, write) = pipe();
    let mut command = gipc::Command::new("bash").arg("-c");
    command = command.arg("for fd in $(seq 3 20); do eval \"echo $fd >&$fd\"; done");
    for target in 3..=20 {
        command = command.fd(ChildFd::new(target), write.try_clone().unwrap());
    }
    drop(write);
    let child = command.spawn().unwrap();
    let mut text = String::new();
    read.read_to_string(&mut text).unwrap();
    assert_eq!(text, (3..=20).map(|fd| format!("{fd}\n")).collect::<String>());
    assert_eq!(child.reap().unwrap().0, ExitStatus::Code(0));
}

#[test]
fn targets_that_are_our_own_numbers_in_another_order_work() {
    // Each source is the target of another one, in a ring.
    let pipes: Vec<_> = (0..8).map(|_| pipe()).collect();
    let numbers: Vec<u16> =
        pipes.iter().map(|(_, write)| u16::try_from(write.as_raw_fd()).unwrap()).collect();
    let (mut reads, writes): (Vec<_>, Vec<_>) = pipes.into_iter().unzip();
    let mut script = String::new();
    let mut command = gipc::Command::new("bash").arg("-c");
    for (index, write) in writes.into_iter().enumerate() {
        let target = numbers[(index + 1) % numbers.len()];
        script.push_str(&format!("echo {index} >/dev/fd/{target};"));
        command = command.fd(ChildFd::new(target), write);
    }
    let child = command.arg(script).spawn().unwrap();
    for (index, read) in reads.iter_mut().enumerate() {
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        assert_eq!(text, format!("{index}\n"));
    }
    assert_eq!(child.reap().unwrap().0, ExitStatus::Code(0));
}

#[test]
fn a_source_that_is_its_own_target_stays_open() {
    let (mut read, write) = pipe();
    let number = write.as_raw_fd();
    let script = format!("echo here >/dev/fd/{number}");
    let command = gipc::Command::new("sh").args(["-c", &script]);
    let child = command.fd(ChildFd::new(u16::try_from(number).unwrap()), write).spawn().unwrap();
    let mut text = String::new();
    read.read_to_string(&mut text).unwrap();
    assert_eq!(text, "here\n");
    child.reap().unwrap();
}

#[test]
fn a_child_of_a_parent_with_many_descriptors_has_its_own_and_no_other() {
    let ours: Vec<_> = (0..520).map(|_| File::open("/dev/null").unwrap()).collect();
    // How the first one is started tells that there are many, for those that follow.
    for _ in 0..3 {
        let (mut read, write) = pipe();
        let command = gipc::Command::new("sh").args(["-c", "ls /proc/$$/fd; exit 0"]);
        let command = command.fd(ChildFd::new(7), write.try_clone().unwrap());
        let child = command.fd(ChildFd::STDOUT, write).spawn().unwrap();
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        assert_eq!(text, "0\n1\n2\n7\n");
        assert_eq!(child.reap().unwrap().0, ExitStatus::Code(0));
        assert!(ours.iter().all(|file| file.metadata().is_ok()), "ours are as they were");
    }
}

#[test]
fn a_missing_program_is_an_error_with_any_target_and_leaves_the_channel_clean() {
    for target in 3..=20 {
        let (mut read, write) = pipe();
        let command = gipc::Command::new("/no/such/program");
        let error = command.fd(ChildFd::new(target), write).spawn().unwrap_err();
        assert!(matches!(error, SpawnError::NotFound { .. }), "{error:?}");
        let mut bytes = Vec::new();
        read.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"", "descriptor {target}");
    }
}

#[test]
fn a_descriptor_that_is_declared_twice_is_refused() {
    let ((_, one), (_, two)) = (pipe(), pipe());
    let command = gipc::Command::new("true");
    let error = command.fd(ChildFd::new(7), one).fd(ChildFd::new(7), two).spawn().unwrap_err();
    assert!(error.to_string().contains("cannot start `true`"), "{error}");
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("descriptor 7"));
}

#[test]
fn our_copies_close_as_the_child_starts() {
    let (mut read, write) = pipe();
    let child = gipc::Command::new("true").fd(ChildFd::new(4), write).spawn().unwrap();
    let mut bytes = Vec::new();
    read.read_to_end(&mut bytes).unwrap();
    child.reap().unwrap();
}

#[test]
fn a_text_with_a_nul_byte_is_refused_by_name() {
    let error = gipc::Command::new("echo").arg("a\0b").spawn().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("`a\\0b` holds a NUL byte"), "{cause}");
}

fn shown(command: gipc::Command) -> String {
    let (mut read, write) = pipe();
    let child = command.arg("show").fd(ChildFd::STDOUT, write).spawn().unwrap();
    let mut text = String::new();
    read.read_to_string(&mut text).unwrap();
    assert_eq!(child.reap().unwrap().0, ExitStatus::Code(0), "{text}");
    text
}

#[test]
fn niceness_and_umask_are_what_was_asked_for() {
    let text = shown(gipc::Command::new(CHILD).nice(7).umask(0o027));
    assert!(text.contains("nice 7\n"), "{text}");
    assert!(text.contains("Umask 0027\n"), "{text}");
}

#[test]
fn user_and_groups_are_what_was_asked_for() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: only root may become somebody else");
        return;
    }
    // Where root's folders are closed to others the helper program could not be reached.
    let folder = scratch();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .unwrap();
    let copy = folder.path().join("child");
    std::fs::copy(CHILD, &copy).unwrap();
    let text = shown(gipc::Command::new(&copy).user("nobody"));
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let (uid, gid) = (nobody.uid, nobody.gid);
    assert!(text.contains(&format!("Uid {uid} {uid} {uid} {uid}\n")), "{text}");
    assert!(text.contains(&format!("Gid {gid} {gid} {gid} {gid}\n")), "{text}");
    assert!(text.contains(&format!("Groups {gid}")), "{text}");
    let text = shown(gipc::Command::new(&copy).user("12345").group("54321"));
    assert!(text.contains("Uid 12345 12345 12345 12345\n"), "{text}");
    assert!(text.contains("Gid 54321 54321 54321 54321\n"), "{text}");
    // This process, whose memory the child has shared, is who it was.
    assert!(nix::unistd::geteuid().is_root());
    let error = gipc::Command::new("true").user("no-such-user").spawn().unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "there is no user `no-such-user`");
}

#[test]
fn children_are_started_from_many_threads_at_once() {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for code in 0..50 {
                    let (mut read, write) = pipe();
                    let command = gipc::Command::new(CHILD).args(["exit", &code.to_string()]);
                    let child = command.fd(ChildFd::new(3), write).spawn().unwrap();
                    // Were another thread's child to have it too, this would wait for that one.
                    assert_eq!(read.read(&mut [0]).unwrap(), 0);
                    assert_eq!(child.reap().unwrap().0, ExitStatus::Code(code));
                }
            });
        }
    });
}

#[test]
fn an_end_is_seen_before_it_is_reaped() {
    let (mut read, write) = pipe();
    let child = gipc::Command::new(CHILD).args(["exit", "5"]).fd(ChildFd::new(3), write);
    let child = child.spawn().unwrap();
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
    // The descriptor closes a little before the process is a zombie.
    eventually(|| child.peek().unwrap().is_some());
    assert_eq!(child.peek().unwrap(), Some(ExitStatus::Code(5)), "it can be asked again");
    child.signal(gipc::process::Signal::TERM).unwrap();
    assert_eq!(child.reap().unwrap().0, ExitStatus::Code(5));
}

#[test]
fn a_group_is_signalled_as_one() {
    let (mut read, write) = pipe();
    let mut rest = Vec::new();
    let command = gipc::Command::new("sh").args(["-c", "sleep 1000 & echo x >&3; wait"]);
    let child = command.fd(ChildFd::new(3), write).spawn().unwrap();
    let mut byte = [0; 2];
    read.read_exact(&mut byte).unwrap();
    child.signal_group(gipc::process::Signal::TERM).unwrap();
    // Both had the descriptor.
    read.read_to_end(&mut rest).unwrap();
    child.reap().unwrap();
}
