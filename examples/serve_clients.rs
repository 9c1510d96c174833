//! A TCP server here, and a thousand clients of it in one child.
//!
//! cargo run --example serve_clients
#![expect(clippy::print_stdout, reason = "what the example shows")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

const CLIENTS: u32 = 1000;
const MESSAGE: &str = "HELLO\n";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    gipc::targets![clients];
    server()
}

#[tokio::main(flavor = "current_thread")]
async fn server() -> Result<(), Box<dyn std::error::Error>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    // A queue for all at once: a client that finds it full tries again only after a second.
    let listener = socket.listen(CLIENTS)?;
    let child = gipc::start_process(clients, listener.local_addr()?)?;
    let serving = tokio::spawn(serve(listener));
    let status = child.join().await?;
    serving.abort();
    if status.success() { Ok(()) } else { Err(format!("the clients ended with {status}").into()) }
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (connection, _) = listener.accept().await?;
        tokio::spawn(echo(connection));
    }
}

/// Sends a line back.
async fn echo(connection: TcpStream) -> io::Result<()> {
    let mut connection = BufReader::new(connection);
    let mut line = String::new();
    connection.read_line(&mut line).await?;
    connection.write_all(line.as_bytes()).await
}

/// Runs in the child, with a runtime of its own.
#[tokio::main(flavor = "current_thread")]
async fn clients(server: SocketAddr) -> io::Result<()> {
    let start = Instant::now();
    let mut clients: JoinSet<_> = (0..CLIENTS).map(|_| client(server)).collect();
    while let Some(served) = clients.join_next().await {
        served.expect("no client panics")?;
    }
    println!("{CLIENTS} clients served within {:.2} s.", start.elapsed().as_secs_f64());
    Ok(())
}

/// Sends a line and wants it back.
async fn client(server: SocketAddr) -> io::Result<()> {
    let mut connection = BufReader::new(TcpStream::connect(server).await?);
    connection.write_all(MESSAGE.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_line(&mut answer).await?;
    if answer == MESSAGE { Ok(()) } else { Err(io::Error::other(format!("got `{answer}` back"))) }
}
