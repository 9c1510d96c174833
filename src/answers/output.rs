//! What a pool writes: answers to our standard output, a line for each into the joblog.

use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use gipc::frames::FrameReader;
use gipc::framing::Framing;
use serde::Serialize;

use super::{Job, Pool};
use crate::record::Payload;
use crate::relay::{Hub, Source, Trouble};

/// An answer, and what it took.
#[derive(Serialize)]
struct Entry<'a> {
    seq: u64,
    worker: &'a str,
    attempts: u32,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'a str>,
    /// Where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_base64: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Pool {
    /// Writes answers as they come, until there will be none any more. `told` hears when there is
    /// room for more.
    pub(crate) async fn write(
        &self,
        hub: &Hub,
        source: &Rc<Source>,
        mut told: impl FnMut(),
    ) -> Result<(), Trouble> {
        loop {
            let (jobs, closed) = {
                let mut state = self.state.borrow_mut();
                (std::mem::take(&mut state.ready), state.closed)
            };
            let jobs = Vec::from(jobs);
            if jobs.is_empty() {
                if closed {
                    return Ok(());
                }
                self.changed.notified().await;
                continue;
            }
            let frames = self.encode(&jobs);
            let mut reader = FrameReader::new(&frames[..], Framing::U32, usize::MAX);
            while let Ok(Some(batch)) = reader.batch().await {
                hub.send(source, &batch, Framing::U32).await?;
            }
            let mut joblog = self.joblog.borrow_mut().take();
            if let Some(joblog) = &mut joblog {
                // What is noted as done has been said.
                hub.said().await;
                if let Err(error) = joblog.add(&jobs).await {
                    return Err(Trouble::Joblog(error));
                }
            }
            *self.joblog.borrow_mut() = joblog;
            self.state.borrow_mut().ready_bytes -= jobs.iter().map(Job::size).sum::<usize>();
            told();
        }
    }

    /// The answers as frames.
    fn encode(&self, jobs: &[Job]) -> Bytes {
        let mut frames = BytesMut::new();
        for job in jobs {
            let text = if self.plan.as_json { Some(entry(job)) } else { None };
            let message = match (&text, &job.result) {
                (Some(text), _) => Some(&text[..]),
                (None, Ok(reply)) => Some(&reply[..]),
                (None, Err(_)) => None,
            };
            if let Some(message) = message {
                // Any message fits this framing.
                let _ = Framing::U32.encode(message, &mut frames);
            }
        }
        frames.freeze()
    }
}

fn entry(job: &Job) -> Vec<u8> {
    let Job { seq, worker, attempts, took, result, .. } = job;
    let (reply, reply_base64) = match result.as_ref().map(|reply| Payload::from(&reply[..])) {
        Ok(Payload::Text(text)) => (Some(text), None),
        Ok(Payload::Base64(text)) => (None, Some(text)),
        Err(_) => (None, None),
    };
    let entry = Entry {
        seq: *seq,
        worker,
        attempts: *attempts,
        seconds: took.as_secs_f64(),
        reply,
        reply_base64,
        error: result.as_ref().err().map(|reason| &*reason.reason),
    };
    // Strings and numbers cannot fail to be JSON.
    serde_json::to_vec(&entry).unwrap_or_default()
}
