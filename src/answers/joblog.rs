//! The joblog: a line for each message that is done, with the columns of GNU parallel's.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use tokio::io::AsyncWriteExt;

use super::Job;
use crate::stream::{self, Patient, Stream};

const HEADER: &str = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n";

/// So much of a message is shown.
const SHOWN: usize = 1000;

/// The file.
#[derive(Debug)]
pub(super) struct Joblog(Stream);

impl Joblog {
    /// Begins the file anew, or goes on with it.
    pub(super) fn open(path: &Path, go_on: bool) -> io::Result<Self> {
        let file = stream::append(path)?;
        let is_file = file.metadata()?.is_file();
        if !go_on && is_file {
            file.set_len(0)?;
        }
        if !go_on || (is_file && file.metadata()?.len() == 0) {
            io::Write::write_all(&mut &file, HEADER.as_bytes())?;
        } else if is_file {
            end_last_line(path, &file)?;
        }
        Ok(Self(Stream::from(Patient::from(file))))
    }

    /// Adds lines for these; they are in the file when this comes back.
    pub(super) async fn add(&mut self, jobs: &[Job]) -> io::Result<()> {
        let mut lines = String::new();
        for job in jobs {
            line(&mut lines, job);
        }
        self.0.write_all(lines.as_bytes()).await?;
        self.0.flush().await
    }
}

/// Whoever wrote it may have been killed in the middle of a line, which is no line then.
fn end_last_line(path: &Path, mut file: &File) -> io::Result<()> {
    let text = std::fs::read(path)?;
    match text.last() {
        None | Some(b'\n') => Ok(()),
        Some(_) => {
            let whole = memchr::memrchr(b'\n', &text).map_or(0, |end| end + 1);
            file.set_len(whole as u64)?;
            if whole == 0 { io::Write::write_all(&mut file, HEADER.as_bytes()) } else { Ok(()) }
        }
    }
}

fn line(lines: &mut String, job: &Job) {
    let Job { seq, worker, took, message, sent, .. } = job;
    let start = job.ended.as_millisecond() as f64 / 1000.0 - took.as_secs_f64();
    let (exit, received) = match &job.result {
        Ok(reply) => (0, reply.len()),
        Err(_) => (1, 0),
    };
    // Writing to a string cannot fail.
    let _ = write!(
        lines,
        "{seq}\t{worker}\t{start:.3}\t{:10.3}\t{sent}\t{received}\t{exit}\t0\t",
        took.as_secs_f64(),
    );
    let shown = String::from_utf8_lossy(&message[..message.len().min(SHOWN)]);
    for c in shown.chars() {
        match c {
            '\t' | '\n' | '\r' | '\\' => lines.extend(c.escape_default()),
            _ => lines.push(c),
        }
    }
    lines.push('\n');
}

/// The numbers of the messages that a joblog tells of.
pub(super) fn done(path: &Path) -> io::Result<BTreeSet<u64>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        file => file?,
    };
    let mut done = BTreeSet::new();
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        // A line without its end was being written when its writer was killed.
        if line.ends_with(b"\n")
            && let Some(seq) = line.split(|byte| *byte == b'\t').next()
            && let Some(seq) = str::from_utf8(seq).ok().and_then(|seq| seq.parse().ok())
        {
            done.insert(seq);
        }
        line.clear();
    }
    Ok(done)
}
