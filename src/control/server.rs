//! The side of a session that answers.
//!
//! Each connection is a task of its own, so that neither garbage nor a client that reads nothing
//! keeps the supervisor from its work.

use std::io;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use gipc::frames::{self, FrameReader, FrameWriter};
use gipc::framing::Framing;
use gipc::pipes::Descriptor;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::timeout;

use super::socket::{self, Connection, Listener, Socket};
use super::{Kind, Refusal, Reply, Request};
use crate::logs;
use crate::relay::{Door, Seen, Tap};
use crate::standing::Standing;

/// So many connections are served at once; the others wait for their turn.
const CONNECTIONS: usize = 128;

/// So many of those may send messages that have been let in, and besides them those above may ask.
const DOORS: usize = 128;

/// The largest request, in bytes.
const MAX_REQUEST: usize = 64 << 10;

/// How long a client may take to say what it wants.
const REQUEST: Duration = Duration::from_secs(2);

/// And to take what it has asked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long those who are still being answered may take at the end of the session.
const LAST_REPLIES: Duration = Duration::from_secs(1);

/// A request, and where its answer is to go. Where that is dropped, the session has ended.
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// What the supervisor answers.
pub(crate) enum Answer {
    /// This.
    Reply(Reply),
    /// These, once it is looked up what they use of the machine.
    Instances(Vec<Standing>),
    /// These, as they come.
    Lines(logs::Reader),
    /// Messages, as they pass.
    Messages(Tap),
    /// A way for messages into a channel.
    Door(Door, Knock),
    /// This descriptor.
    Descriptor(Descriptor),
}

/// What a way into a channel is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knock {
    /// So many messages, where that is known.
    Send { messages: Option<u64> },
    /// One, and its answer.
    Call,
}

/// The requests as they come.
pub(crate) type Requests = mpsc::Receiver<Asked>;

/// The side that answers, until it is finished.
pub(crate) struct Server {
    socket: Socket,
    open: Rc<Connections>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Takes connections from now on.
    ///
    /// # Errors
    /// From the system.
    pub(crate) fn start(socket: Socket) -> io::Result<(Self, Requests)> {
        let listener = socket.listener()?;
        // As many as can be told in one go; a client that floods waits, not the supervisor.
        let (ask, requests) = mpsc::channel(CONNECTIONS);
        let open = Rc::new(Connections {
            all: Arc::new(Semaphore::new(CONNECTIONS)),
            doors: Arc::new(Semaphore::new(DOORS)),
        });
        let accepting = tokio::task::spawn_local(accept(listener, ask, Rc::clone(&open)));
        Ok((Self { socket, open, accepting }, requests))
    }

    /// Where clients find it.
    pub(crate) fn path(&self) -> &Path {
        self.socket.path()
    }

    /// Takes no more connections, and waits until those that there are have got their answers,
    /// but not long. Nobody must be waiting for an answer of the supervisor any more.
    pub(crate) async fn finish(self) {
        // First: whoever comes from now on finds no session, in place of one that says nothing.
        drop(self.socket);
        self.accepting.abort();
        let Connections { all, doors } = &*self.open;
        let answered = async {
            (all.acquire_many(CONNECTIONS as u32).await, doors.acquire_many(DOORS as u32).await)
        };
        let _ = timeout(LAST_REPLIES, answered).await;
    }
}

/// How many more may be open.
struct Connections {
    all: Arc<Semaphore>,
    /// Those on which messages come.
    doors: Arc<Semaphore>,
}

async fn accept(mut listener: Listener, ask: mpsc::Sender<Asked>, open: Rc<Connections>) {
    loop {
        // Never closed.
        let Ok(turn) = Arc::clone(&open.all).acquire_owned().await else { return };
        match listener.accept().await {
            Ok(client) => {
                let (ask, doors) = (ask.clone(), Arc::clone(&open.doors));
                tokio::task::spawn_local(async move {
                    // Where the client has gone there is nobody to tell.
                    let _ = serve(client, ask, turn, doors).await;
                });
            }
            // There is no descriptor left: one that is closed makes room. Time is all that there is
            // to wait for, as others in this process may have taken them.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn serve(
    client: Connection,
    ask: mpsc::Sender<Asked>,
    turn: OwnedSemaphorePermit,
    doors: Arc<Semaphore>,
) -> Result<(), frames::Error> {
    let (refusal, pid) = (client.refusal()?, client.pid());
    let (read, write) = client.split();
    let mut replies = Replies(FrameWriter::new(write, Framing::U32));
    if let Some(message) = refusal {
        return replies.send(&Refusal::new(Kind::Foreign, message).into()).await;
    }
    let mut reader = FrameReader::new(read, Framing::U32, MAX_REQUEST);
    let request = match timeout(REQUEST, reader.get()).await {
        Ok(Ok(Some(request))) => {
            serde_json::from_slice(&request).map_err(|error| error.to_string())
        }
        Ok(Ok(None)) => return Ok(()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no request has come in time".to_owned()),
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            let message = format!("this is no request: {error}");
            return replies.send(&Refusal::new(Kind::BadRequest, message).into()).await;
        }
    };
    if let Request::Descriptor { .. } = &request
        && let Some(why) = socket::why_not_passed(pid)
    {
        return replies.send(&Refusal::new(Kind::Foreign, why).into()).await;
    }
    let (answer, answered) = oneshot::channel();
    let asked = async {
        ask.send(Asked { request, answer }).await.ok()?;
        answered.await.ok()
    };
    let answer = tokio::select! {
        answer = asked => answer,
        () = gone(&mut reader) => return Ok(()),
    };
    match answer {
        Some(Answer::Reply(reply)) => replies.send(&reply).await,
        Some(Answer::Instances(instances)) => {
            let instances = with_usage(instances).await;
            replies.send(&Reply::Instances { instances }).await
        }
        Some(Answer::Lines(lines)) => tokio::select! {
            sent = replies.send_lines(lines) => sent,
            () = gone(&mut reader) => Ok(()),
        },
        Some(Answer::Messages(tap)) => tokio::select! {
            sent = replies.send_messages(tap) => sent,
            () = gone(&mut reader) => Ok(()),
        },
        Some(Answer::Door(door, knock)) => {
            let Ok(_turn) = doors.try_acquire_owned() else {
                let message = format!("there are {DOORS} already who send messages: try again");
                return replies.send(&Refusal::new(Kind::Failed, message).into()).await;
            };
            // Who waits for room, or for an answer, keeps nobody from asking what is wrong.
            drop(turn);
            replies.let_in(door, knock, reader).await
        }
        Some(Answer::Descriptor(descriptor)) => replies.pass(descriptor).await,
        None => replies.send(&Refusal::ended().into()).await,
    }
}

/// Comes back when the client has gone, or says more than was agreed on. One that has said all that
/// it will say, and only listens, is still there.
async fn gone(reader: &mut FrameReader<socket::Requests>) {
    // Not before the end of what it says; and nothing ends twice.
    let _ = reader.readable().await;
    if reader.unfinished() == 0 {
        socket::hung_up(reader.get_ref()).await;
    }
}

/// Looks up what the instances use. In a thread: with many processes that takes its time.
async fn with_usage(instances: Vec<Standing>) -> Vec<Standing> {
    let looked_up = tokio::task::spawn_blocking(move || {
        let used = crate::usage::of_trees(instances.iter().filter_map(|it| it.pid));
        let add = |mut instance: Standing| {
            instance.usage = instance.pid.and_then(|pid| used.get(&pid).copied());
            instance
        };
        instances.into_iter().map(add).collect()
    });
    looked_up.await.unwrap_or_default()
}

/// Where the replies go.
struct Replies(FrameWriter<socket::Replies>);

impl Replies {
    /// Sends lines until there are no more. A client that takes its time loses some, and is told.
    async fn send_lines(&mut self, mut lines: logs::Reader) -> Result<(), frames::Error> {
        while let Some(piece) = lines.next().await {
            let piece = serde_json::to_vec(&Reply::Lines(piece)).map_err(io::Error::from)?;
            self.0.put(&piece).await?;
        }
        self.send(&Reply::Done { remarks: Vec::new() }).await
    }

    /// Sends messages until there are no more. A client that takes its time misses some, and is told.
    async fn send_messages(&mut self, mut tap: Tap) -> Result<(), frames::Error> {
        while let Some(seen) = tap.next().await {
            let (reply, frames) = match seen {
                Seen::Messages(head, frames) => (Reply::Messages(head), frames),
                Seen::Missed(messages) => (Reply::Missed { messages }, Bytes::new()),
            };
            self.0.feed(&serde_json::to_vec(&reply).map_err(io::Error::from)?)?;
            self.0.feed_frames(&frames);
            self.0.flush().await?;
        }
        self.send(&Reply::Done { remarks: Vec::new() }).await
    }

    /// Lets messages in, and tells what has become of them.
    async fn let_in(
        &mut self,
        door: Door,
        knock: Knock,
        reader: FrameReader<socket::Requests>,
    ) -> Result<(), frames::Error> {
        let (channel, max_message) = (door.channel().to_owned(), door.max_message());
        // Before it is told so it has nothing to say.
        let mut reader = FrameReader::new(reader.into_inner(), Framing::U32, max_message);
        self.send(&Reply::Open { channel, max_message }).await?;
        if let Knock::Send { messages } = knock {
            let visit = door.take(&mut reader, messages, socket::is_there).await;
            drop(door);
            return self.send(&visit.into()).await;
        }
        match door.call(&mut reader, gone).await {
            Ok(answer) => {
                let reply = serde_json::to_vec(&Reply::Answer {}).map_err(io::Error::from)?;
                self.0.feed(&reply)?;
                self.0.feed(&answer)?;
                timeout(PATIENCE, self.0.flush()).await.map_err(io::Error::from)?
            }
            Err(turned) => self.send(&Refusal::from(turned).into()).await,
        }
    }

    /// Sends a descriptor.
    async fn pass(&self, descriptor: Descriptor) -> Result<(), frames::Error> {
        let reply = serde_json::to_vec(&Reply::Descriptor {}).map_err(io::Error::from)?;
        let mut frame = BytesMut::new();
        Framing::U32.encode(&reply, &mut frame)?;
        match timeout(PATIENCE, socket::pass(self.0.get_ref(), &frame, descriptor)).await {
            Ok(passed) => Ok(passed?),
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        }
    }

    async fn send(&mut self, reply: &Reply) -> Result<(), frames::Error> {
        let reply = serde_json::to_vec(reply).map_err(io::Error::from)?;
        match timeout(PATIENCE, self.0.put(&reply)).await {
            Ok(sent) => sent,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        }
    }
}
