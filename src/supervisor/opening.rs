//! What is opened before anything is started, and the instances that there are then.

use std::fs::File;
use std::rc::Rc;

use super::history::History;
use super::instance::Instance;
use super::session::InstanceId;
use super::{Error, Supervisor};
use crate::logs::LogFile;
use crate::plan::topology::{self, ProcessId};
use crate::record::playback::Playback;

impl Supervisor {
    /// Opens what is written to and read from: what cannot be is told before anything starts.
    pub(super) fn open_files(&mut self, playback: Option<Playback>) -> Result<(), Error> {
        if let Some(path) = &self.plan.report {
            let opened = File::create(path);
            self.report =
                Some(opened.map_err(|source| Error::Report { path: path.clone(), source })?);
        }
        self.open_channels(playback)?;
        for process in self.processes.clone() {
            let log = self.open_log(&process)?;
            self.logs_of.push(log);
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

    /// Opens the log file of a process, if it has one.
    pub(super) fn open_log(
        &mut self,
        process: &topology::Process,
    ) -> Result<Option<LogFile>, Error> {
        let Some(plan) = &process.log else { return Ok(None) };
        let failed = |source| Error::Log { path: plan.path.clone(), source };
        let log = LogFile::open(plan).map_err(failed)?;
        // Several may have one, by the defaults for example.
        if let Some(other) = self.logs.iter().find(|other| other.is(&log)) {
            return Ok(Some(other.clone()));
        }
        self.logs.push(log.clone());
        Ok(Some(log))
    }

    /// Adds an instance of a process, which has not been started yet.
    pub(super) fn add_instance(&mut self, process: ProcessId, number: usize) -> InstanceId {
        let (id, plan) = (InstanceId(self.instances.len()), &self.processes[process.0]);
        let junctions = self.junctions(process, &plan.instance(number));
        let history = History::new(self.plan.report.is_some());
        let mut instance = Instance::new(id, process, plan, number, junctions, history);
        instance.log.clone_from(&self.logs_of[process.0]);
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
        for log in &self.logs {
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
            instance.log.clone_from(&self.logs_of[instance.process.0]);
            self.name_lines();
        }
    }
}
