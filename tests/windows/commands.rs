//! Commands: what they get, and how their ends come through.

#![expect(unsafe_code, reason = "a handle that others inherit")]

use std::fs::{self, File};
use std::os::windows::io::AsRawHandle;

use windows_sys::Win32::Foundation::{HANDLE_FLAG_INHERIT, SetHandleInformation};

use crate::support::{CHILD, end, gipc, run};

#[test]
fn exit_codes_of_32_bits_come_through() {
    for code in [0, 1, 255, 256, 1000, 0xc000_0005, u32::MAX] {
        for command in ["exec", "run"] {
            let said = run(&mut gipc([command, "--", CHILD, "exit", &code.to_string()]), "");
            assert_eq!(said.code, code, "{command}: {said:?}");
        }
    }
}

#[test]
fn each_bit_of_an_exit_code_comes_through() {
    for bit in 8..32 {
        for code in [1 << bit, !(1 << bit)] {
            let said = run(&mut gipc(["exec", "--", CHILD, "exit", &code.to_string()]), "");
            assert_eq!(said.code, code, "{said:?}");
        }
    }
}

#[test]
fn success_has_any_code_that_it_is_said_to_have() {
    let folder = tempfile::tempdir().unwrap();
    let child = std::path::absolute(CHILD).unwrap();
    let child = child.display();
    let up = |codes: &str, restart: &str| {
        let text = format!(
            "[process.p]\ncommand = ['{child}', 'exit', '3221225477']\n\
             success_codes = {codes}\nrestart = '{restart}'\n"
        );
        fs::write(folder.path().join("gipc.toml"), text).unwrap();
        run(gipc(["up", "--report", "report.json"]).current_dir(folder.path()), "")
    };
    // It is not started again either.
    let said = up("[0, 0xc0000005]", "on-failure");
    assert_eq!(said.code, 0, "{said:?}");
    let report = fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert!(report.contains("\"code\": 3221225477"), "{report}");
    assert_eq!(report.matches("\"pid\"").count(), 1, "{report}");
    assert_eq!(up("[0, 300]", "never").code, 0xc000_0005);
    let said = up("[4294967296]", "never");
    assert_eq!(said.code, 2);
    let why = "`4294967296` is not an exit code from 0 to 4294967295";
    assert!(said.stderr.contains(why), "{}", said.stderr);
}

#[test]
fn a_program_that_is_not_there_is_127() {
    let said = run(&mut gipc(["exec", "--", "no-such-program"]), "");
    assert_eq!(said.code, 127);
    assert!(said.stderr.contains("cannot start `no-such-program`"), "{}", said.stderr);
}

#[test]
fn what_takes_too_long_is_124() {
    let said =
        run(&mut gipc(["exec", "--timeout", "50ms", "--grace", "50ms", "--", CHILD, "hang"]), "");
    assert_eq!(said.code, 124, "{said:?}");
}

#[test]
fn a_worker_has_exactly_the_declared_handles() {
    // One that gipc gets as anybody does, and that is not to get any further.
    let stray = File::open(CHILD).unwrap();
    // SAFETY: the handle is open.
    let set = unsafe {
        SetHandleInformation(stray.as_raw_handle(), HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT)
    };
    assert_ne!(set, 0);
    let said = run(&mut gipc(["run", "--", CHILD, "handles"]), "");
    // Standard input, output and error, and two channels.
    assert_eq!((said.stderr.trim_end(), said.code), ("5", 0));
}

#[test]
fn arguments_arrive_as_they_are() {
    let args = [
        "",
        " ",
        "a b",
        "\"",
        "a\"b c",
        "\\",
        "\\\\",
        "a\\",
        "a b\\",
        "\\\"",
        "%PATH%",
        "^&|<>!",
        "käse",
        "--",
        "*",
        "tab\there",
    ];
    let said = end(gipc(["exec", "--", CHILD, "args"]).args(args).spawn().unwrap());
    assert_eq!(said.stdout.trim_end(), format!("{args:?}"), "{}", said.stderr);
}

#[test]
fn a_batch_file_gets_its_arguments_and_none_that_it_would_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("says.bat");
    fs::write(&file, "@echo %1\r\n@exit 300\r\n").unwrap();
    let file = file.to_str().unwrap();
    let said = run(&mut gipc(["exec", "--", file, "a b&echo no"]), "");
    assert_eq!((said.stdout.trim_end(), said.code), ("\"a b&echo no\"", 300), "{said:?}");
    for refused in ["\"&echo no", "%PATH%", "a\nb"] {
        let said = run(&mut gipc(["exec", "--", file, refused]), "");
        assert_eq!((&*said.stdout, said.code), ("", 125), "{said:?}");
        assert!(said.stderr.contains("an argument of a batch file"), "{}", said.stderr);
    }
}

#[test]
fn a_shell_gets_its_line_as_it_stands() {
    let said = run(&mut gipc(["up", "-p", "p=echo \"a  b\" c"]), "");
    assert_eq!(
        said.stderr.lines().next().map(|line| line.ends_with("\"a  b\" c")),
        Some(true),
        "{said:?}"
    );
}
