//! Questions about a process that are asked from outside: is it ready, is it well?

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use gipc::process::Signal;
use gipc::spawn::ChildFd;
use tokio::net::TcpStream;

use crate::plan::topology::{Probe, Process};

/// The pause between two questions, doubling from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LAST_PAUSE: Duration = Duration::from_secs(1);

/// How long a question may wait for its answer where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// The commands that are being run as questions: children of ours that are nobody's instance.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asking(Rc<RefCell<BTreeSet<i32>>>);

impl Asking {
    /// Is this process such a command?
    pub(crate) fn contains(&self, pid: i32) -> bool {
        self.0.borrow().contains(&pid)
    }
}

/// Asks questions on behalf of an instance.
#[derive(Clone)]
pub(crate) struct Prober {
    pub(crate) process: Rc<Process>,
    pub(crate) instance: String,
    pub(crate) asking: Asking,
}

impl Prober {
    /// Asks until the answer is yes.
    pub(crate) async fn until_yes(&self, probe: &Probe) {
        let mut pause = FIRST_PAUSE;
        while !self.ask(probe, PATIENCE).await {
            // There is no event for what others do.
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Asks every `interval` until the answer was no so many times in a row.
    pub(crate) async fn until_unwell(&self, check: &crate::plan::topology::HealthCheck) {
        let mut failures = 0;
        while failures < check.retries {
            tokio::time::sleep(check.interval).await;
            failures = if self.ask(&check.test, check.timeout).await { 0 } else { failures + 1 };
        }
    }

    /// Asks once; no answer within this time is a no.
    async fn ask(&self, probe: &Probe, within: Duration) -> bool {
        let answer = async {
            match probe {
                Probe::Tcp(address) => TcpStream::connect(address).await.is_ok(),
                Probe::Http(url) => http(url.clone(), within).await,
                Probe::Exec(command) => self.exec(command).await.unwrap_or(false),
                Probe::File(path) => exists(self.place(path)).await,
            }
        };
        tokio::time::timeout(within, answer).await.unwrap_or(false)
    }

    fn place(&self, path: &std::path::Path) -> PathBuf {
        self.process.dir.as_deref().unwrap_or(std::path::Path::new("")).join(path)
    }

    async fn exec(&self, command: &str) -> io::Result<bool> {
        let null = || Ok::<_, io::Error>(std::fs::File::open("/dev/null")?.into());
        let out = std::fs::OpenOptions::new().write(true).open("/dev/null")?;
        let mut shell = gipc::Command::new("/bin/sh")
            .args(["-c", command])
            .name(format!("probe of {}", self.instance))
            .env("GIPC_NAME", &self.instance)
            .fd(ChildFd::STDIN, null()?)
            .fd(ChildFd::STDOUT, out.try_clone()?.into())
            .fd(ChildFd::STDERR, out.into());
        if let Some(dir) = &self.process.dir {
            shell = shell.current_dir(dir);
        }
        if let Some(user) = &self.process.user {
            shell = shell.user(user);
        }
        for (key, value) in &self.process.env {
            shell = match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        let child = shell.spawn().map_err(io::Error::other)?;
        let asked = Asked { asking: self.asking.clone(), child };
        asked.asking.0.borrow_mut().insert(asked.child.pid());
        let status = asked.child.join().await.map_err(io::Error::other)?;
        Ok(status.success())
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

async fn exists(path: PathBuf) -> bool {
    // A network's file system may take its time.
    tokio::task::spawn_blocking(move || path.exists()).await.unwrap_or(false)
}

async fn http(url: String, within: Duration) -> bool {
    let get = move || {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(within))
            .max_redirects(0)
            // What is asked is here, whatever the way out of here is.
            .proxy(None)
            .build()
            .new_agent();
        agent.get(&url).call().is_ok_and(|response| response.status().as_u16() < 400)
    };
    tokio::task::spawn_blocking(get).await.unwrap_or(false)
}
