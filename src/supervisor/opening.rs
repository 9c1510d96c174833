//! The files that are written, and the instances that there are before anything is started.

use std::fs::File;
use std::rc::Rc;

use tracing::error;

use super::history::History;
use super::instance::Instance;
use super::session::InstanceId;
use super::{Error, Supervisor};
use crate::logs::LogFile;
use crate::plan::channel::Channel;
use crate::plan::topology::{self, ProcessId};
use crate::record::playback::Playback;
use crate::record::{DeadLetters, Recorder};

/// The files that are written. Several channels, or processes, may have the same one.
#[derive(Default)]
pub(super) struct Files {
    recorders: Vec<Recorder>,
    dead_letters: Vec<DeadLetters>,
    /// The log files of all.
    pub(super) logs: Vec<LogFile>,
    /// For each process its own.
    pub(super) logs_of: Vec<Option<LogFile>>,
    pub(super) report: Option<File>,
}

impl Files {
    /// Opens the record of a channel, if it has one.
    pub(super) fn recorder_of(&mut self, channel: &Channel) -> Result<Option<Recorder>, Error> {
        let Some(path) = &channel.record else { return Ok(None) };
        let failed = |source| Error::Record { path: path.clone(), source };
        let open = || Recorder::open(path.clone()).map_err(failed);
        shared(&mut self.recorders, |it| it.is_at(path), open).map(Some)
    }

    /// The same for its dead letters.
    pub(super) fn dead_letters_of(
        &mut self,
        channel: &Channel,
    ) -> Result<Option<DeadLetters>, Error> {
        let Some(path) = &channel.dead_letter else { return Ok(None) };
        let failed = |source| Error::DeadLetters { path: path.clone(), source };
        let open = || DeadLetters::open(path.clone()).map_err(failed);
        shared(&mut self.dead_letters, |it| it.is_at(path), open).map(Some)
    }

    /// Opens the log file of a process, if it has one.
    pub(super) fn log_of(&mut self, process: &topology::Process) -> Result<Option<LogFile>, Error> {
        let Some(plan) = &process.log else { return Ok(None) };
        let failed = |source| Error::Log { path: plan.path.clone(), source };
        // Only once it is open can it be told which file it is.
        let log = LogFile::open(plan).map_err(failed)?;
        shared(&mut self.logs, |it| it.is(&log), || Ok(log.clone())).map(Some)
    }

    /// Goes on with new files where the old ones have been moved away.
    pub(super) fn reopen(&self) {
        for log in &self.logs {
            log.reopen();
        }
        for letters in &self.dead_letters {
            if let Err(error) = letters.reopen() {
                let path = letters.path().display();
                error!(
                    "cannot reopen the dead letters `{path}`: {error}; going on with the old file"
                );
            }
        }
        for recorder in &self.recorders {
            let recorder = recorder.clone();
            // In a task of its own: a write that is under way may take its time.
            tokio::task::spawn_local(async move {
                if let Err(error) = recorder.reopen().await {
                    let path = recorder.path().display();
                    error!(
                        "cannot reopen the record `{path}`: {error}; going on with the old file"
                    );
                }
            });
        }
    }
}

/// One of these where it is known, else a new one.
fn shared<T: Clone>(
    known: &mut Vec<T>,
    is_it: impl Fn(&T) -> bool,
    open: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    if let Some(it) = known.iter().find(|it| is_it(it)) {
        return Ok(it.clone());
    }
    let new = open()?;
    known.push(new.clone());
    Ok(new)
}

impl Supervisor {
    /// Opens what is written to and read from: what cannot be is told before anything starts.
    pub(super) fn open_files(&mut self, playback: Option<Playback>) -> Result<(), Error> {
        if let Some(path) = &self.plan.report {
            let opened = File::create(path);
            self.files.report =
                Some(opened.map_err(|source| Error::Report { path: path.clone(), source })?);
        }
        self.open_channels(playback)?;
        for process in self.processes.clone() {
            let log = self.files.log_of(&process)?;
            self.files.logs_of.push(log);
        }
        // All that are there from the beginning have one width.
        let names = self.processes.iter().map(|it| it.instance(it.replicas).len());
        self.width = names.max().unwrap_or_default();
        for (place, process) in self.processes.clone().iter().enumerate() {
            for number in 1..=process.replicas {
                self.add_instance(ProcessId(place), number);
            }
        }
        self.name_lines();
        Ok(())
    }

    /// Adds an instance of a process, which has not been started yet.
    pub(super) fn add_instance(&mut self, process: ProcessId, number: usize) -> InstanceId {
        let (id, plan) = (InstanceId(self.instances.len()), &self.processes[process.0]);
        let junctions = self.junctions(process, &plan.instance(number));
        let history = History::new(self.plan.report.is_some());
        let mut instance = Instance::new(id, process, plan, number, junctions, history);
        instance.log.clone_from(&self.files.logs_of[process.0]);
        self.instances.push(instance);
        id
    }

    /// Among several it must be told whose a line is, on standard error and in a file.
    pub(super) fn name_lines(&mut self) {
        if self.instances.len() > 1 {
            let nameless = self.instances.iter_mut().filter(|it| it.prefix.is_none());
            for instance in nameless {
                let Instance { name, process, .. } = instance;
                instance.prefix = Some(self.sink.prefix(name, process.0, self.width));
            }
        }
        for log in &self.files.logs {
            let uses_it = |it: &&mut Instance| it.log.as_ref().is_some_and(|own| own.is(log));
            let mut users: Vec<_> = self.instances.iter_mut().filter(uses_it).collect();
            if users.len() > 1 {
                for instance in &mut users {
                    instance.log = Some(log.shared_by(&instance.name, self.width));
                }
            }
        }
    }

    /// Has an instance go by the description of its process from its next start on.
    pub(super) fn renew(&mut self, id: InstanceId) {
        let plan = &self.processes[self.instances[id.0].process.0];
        if !Rc::ptr_eq(plan, &self.instances[id.0].plan) {
            let instance = &mut self.instances[id.0];
            instance.plan = Rc::clone(plan);
            instance.policy.adopt(plan.rules.clone());
            instance.log.clone_from(&self.files.logs_of[instance.process.0]);
            self.name_lines();
        }
    }
}
