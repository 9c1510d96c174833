//! Questions about a process that are asked from outside: is it ready, is it well?

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use gipc::process::{ExitStatus, Signal};
use gipc::spawn::{ChildFd, Limit};
use tokio::sync::oneshot;

use crate::dress::dress;
use crate::plan::topology::{HealthCheck, Probe, Process};
use crate::{shell, stream};

/// The pause between two questions, doubling from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// For a thread that asks: names are looked up by the system's own code.
const STACK: usize = 256 << 10;

/// How long a question may wait for its answer where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// The commands that are being run as questions: children of ours that are nobody's instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asking(Rc<RefCell<BTreeSet<i32>>>);

impl Asking {
    /// Is this process such a command?
    #[cfg_attr(windows, expect(dead_code, reason = "each has its own job"))]
    pub(crate) fn contains(&self, pid: i32) -> bool {
        self.0.borrow().contains(&pid)
    }
}

/// Yes, or why not.
type Answer = Result<(), String>;

/// What an instance was last told no with. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastNo(Rc<RefCell<Option<String>>>);

impl LastNo {
    /// The question and its answer.
    pub(crate) fn get(&self) -> Option<String> {
        self.0.borrow().clone()
    }

    /// Forgets it: there is a new incarnation.
    pub(crate) fn clear(&self) {
        self.0.take();
    }
}

/// Asks questions on behalf of an instance.
pub(crate) struct Prober {
    pub(crate) process: Rc<Process>,
    pub(crate) instance: String,
    pub(crate) descriptors: Option<Limit>,
    pub(crate) asking: Asking,
    pub(crate) last_no: LastNo,
    /// A question whose answer was not waited for. There is never a second one beside it.
    pub(crate) open: Option<oneshot::Receiver<Answer>>,
}

impl Prober {
    /// Asks until the answer is yes.
    pub(crate) async fn until_yes(&mut self, probe: &Probe) {
        let mut pause = FIRST_PAUSE;
        while !self.ask(probe, PATIENCE).await {
            // There is no event for what others do.
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Asks every `interval` until the answer was no so many times in a row.
    pub(crate) async fn until_unwell(&mut self, check: &HealthCheck) {
        let mut failures = 0;
        while failures < check.retries {
            tokio::time::sleep(check.interval).await;
            failures = if self.ask(&check.test, check.timeout).await { 0 } else { failures + 1 };
        }
    }

    /// Asks once; no answer within this time is a no.
    async fn ask(&mut self, probe: &Probe, within: Duration) -> bool {
        let answer = async {
            match probe {
                Probe::Exec(command) => self.exec(command).await,
                _ => self.inquire(probe.clone(), within).await,
            }
        };
        let answer = tokio::time::timeout(within, answer).await;
        let no = match answer {
            Ok(Ok(())) => return true,
            Ok(Err(no)) => no,
            Err(_) => format!("no answer within {}", humantime::format_duration(within)),
        };
        self.last_no.0.replace(Some(format!("{probe}: {no}")));
        false
    }

    /// Has a thread ask, one of its own: names, networks and file systems take what time they like,
    /// and the runtime's threads are for log files and for our output.
    async fn inquire(&mut self, probe: Probe, within: Duration) -> Answer {
        if let Some(open) = &mut self.open {
            let _ = open.await; // What it says was asked for too long ago.
            self.open = None;
        }
        let open = begin(probe, within).map_err(|error| format!("cannot ask: {error}"))?;
        let answer = self.open.insert(open).await;
        self.open = None;
        answer.unwrap_or_else(|_| Err("cannot ask".to_owned()))
    }

    async fn exec(&self, command: &str) -> Answer {
        match self.run(command).await {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(status.to_string()),
            Err(error) => Err(crate::chain(&error)),
        }
    }

    async fn run(&self, command: &str) -> io::Result<ExitStatus> {
        let null = std::fs::OpenOptions::new().read(true).write(true).open(stream::NULL)?;
        let words = shell::running(command.to_owned());
        let shell = gipc::Command::new(&words[0])
            .args(&words[1..])
            .name(format!("probe of {}", self.instance))
            .fd(ChildFd::STDIN, null.try_clone()?.into())
            .fd(ChildFd::STDOUT, null.try_clone()?.into())
            .fd(ChildFd::STDERR, null.into());
        let variables = [("GIPC_NAME".into(), self.instance.as_str().into())];
        let shell = dress(shell, &self.process, variables, self.descriptors);
        let child = shell.spawn().map_err(io::Error::other)?;
        let asked = Asked { asking: self.asking.clone(), child };
        asked.asking.0.borrow_mut().insert(asked.child.pid());
        asked.child.join().await.map_err(io::Error::other)
    }
}

/// A command that is being run as a question. Ends with whoever waits for the answer.
struct Asked {
    asking: Asking,
    child: gipc::Process,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = self.child.signal_group(Signal::KILL);
        // It is not waited for here: whoever runs as another user by now may not be killable. From
        // now on it is an orphan like others.
        self.asking.0.borrow_mut().remove(&self.child.pid());
    }
}

/// Has a thread ask, and tell us.
fn begin(probe: Probe, within: Duration) -> io::Result<oneshot::Receiver<Answer>> {
    let (tell, answer) = oneshot::channel();
    let ask = move || drop(tell.send(answer_to(&probe, within)));
    thread::Builder::new().name("probe".to_owned()).stack_size(STACK).spawn(ask)?;
    Ok(answer)
}

/// Asks, and waits for the answer.
fn answer_to(probe: &Probe, within: Duration) -> Answer {
    match probe {
        Probe::Tcp(address) => tcp(address, within).map_err(|error| error.to_string()),
        Probe::Http(url) => http(url, within),
        Probe::File(path) => match path.try_exists() {
            Ok(true) => Ok(()),
            Ok(false) => Err("it does not exist".to_owned()),
            Err(error) => Err(error.to_string()),
        },
        Probe::Exec(_) => Err("a command is no question for a thread".to_owned()),
    }
}

fn tcp(address: &str, within: Duration) -> io::Result<()> {
    let mut last = io::Error::other("the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, within) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn http(url: &str, within: Duration) -> Answer {
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(within))
        .max_redirects(0)
        .http_status_as_error(false)
        // What is asked is here, whatever the way out of here is.
        .proxy(None)
        .build()
        .new_agent();
    match agent.get(url).call() {
        Ok(response) if (200..400).contains(&response.status().as_u16()) => Ok(()),
        Ok(response) => Err(format!("HTTP {}", response.status())),
        Err(ureq::Error::Io(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;

    use super::*;
    use crate::plan::rules::{self, Backoff, Restart, RestartLimit, Rules};
    use crate::plan::topology::Wiring;

    const MINUTE: Duration = Duration::from_secs(60);

    fn prober() -> Prober {
        let rules = Rules {
            restart: Restart::Never,
            backoff: Backoff { min: Duration::ZERO, max: Duration::ZERO },
            limit: RestartLimit { count: 0, within: MINUTE },
            stop_signal: None,
            grace: MINUTE,
            timeout: None,
            readiness: rules::Readiness::Immediate,
            watchdog: None,
            success_codes: vec![0],
        };
        let process = Process {
            name: "p".to_owned(),
            argv: vec![OsString::from("true")],
            dir: None,
            env_clear: false,
            env: Vec::new(),
            wiring: Wiring::Piped,
            replicas: 1,
            depends_on: Vec::new(),
            rules,
            ready: None,
            health: None,
            user: None,
            group: None,
            umask: None,
            nice: None,
            limits: Vec::new(),
            guard_stdout: false,
            listen_fds: false,
            log: None,
        };
        Prober {
            process: Rc::new(process),
            instance: "p.1".to_owned(),
            descriptors: None,
            asking: Asking::default(),
            last_no: LastNo::default(),
            open: None,
        }
    }

    /// Where the runtime has this one thread for whatever waits.
    fn with_one_thread(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(test);
    }

    #[test]
    fn questions_do_not_wait_for_the_threads_of_the_runtime() {
        with_one_thread(async {
            let (done, wait) = mpsc::channel::<()>();
            let busy = tokio::task::spawn_blocking(move || wait.recv());
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = format!("localhost:{}", listener.local_addr().unwrap().port());
            let mut prober = prober();
            assert!(prober.ask(&Probe::Tcp(address), MINUTE).await);
            assert!(prober.ask(&Probe::File("/".into()), MINUTE).await);
            done.send(()).unwrap();
            busy.await.unwrap().unwrap();
        });
    }

    #[test]
    fn questions_without_an_answer_hold_nobody_up() {
        with_one_thread(async {
            let silent = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}/", silent.local_addr().unwrap());
            let mut probers: Vec<_> = (0..100).map(|_| prober()).collect();
            for prober in &mut probers {
                let answered =
                    prober.ask(&Probe::Http(url.clone()), Duration::from_millis(1)).await;
                assert!(!answered);
                assert!(prober.last_no.get().unwrap().starts_with(&url));
            }
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            let mut another = prober();
            assert!(another.ask(&Probe::File("/".into()), MINUTE).await);
        });
    }

    #[test]
    fn there_is_one_question_at_a_time() {
        with_one_thread(async {
            let server = TcpListener::bind("127.0.0.1:0").unwrap();
            let probe = Probe::Http(format!("http://{}/", server.local_addr().unwrap()));
            let mut prober = prober();
            // Its time is over before it is asked.
            prober.open = Some(begin(probe.clone(), MINUTE).unwrap());
            assert!(!prober.ask(&probe, Duration::ZERO).await);
            let answer = |server: TcpListener| {
                for _ in 0..2 {
                    let (mut client, _) = server.accept().unwrap();
                    assert!(client.read(&mut [0; 1024]).unwrap() > 0);
                    client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
                }
            };
            let answering = thread::spawn(move || answer(server));
            assert!(prober.ask(&probe, MINUTE).await);
            answering.join().unwrap();
        });
    }
}
