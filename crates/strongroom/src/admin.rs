//! The operator's way in: a socket in the data directory, open to whoever may use that directory. A command asks the
//! server that runs there; without one it opens the data itself.

use crate::config::DataArgs;
use crate::seal_choice::SealArgs;
use crate::serve;
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as ClientStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use strongroom_services::admin::{Command, run};
use strongroom_services::house::House;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncBufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Longest command.
const COMMAND_BYTES_MAX: u64 = 256 * 1024;
/// So long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}

/// Binds the socket, in place of one that an earlier process left behind: the store's lock says that there is no other.
pub(crate) fn listen(data_dir: &Path) -> anyhow::Result<Option<UnixListener>> {
    let path = socket_path(data_dir);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", path.display()));
        }
        _ => {}
    }
    match UnixListener::bind(&path) {
        Ok(listener) => {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
                .with_context(|| format!("cannot protect {}", path.display()))?;
            Ok(Some(listener))
        }
        // A path too long for a socket, or a file system without sockets: commands then need the server stopped.
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "no socket for the operator's commands");
            Ok(None)
        }
    }
}

/// Answers commands until the server stops.
pub(crate) async fn answer(
    house: Arc<House>,
    listener: UnixListener,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                if let Err(error) = converse(stream, async |line| perform(&house, line).await).await
                {
                    tracing::debug!(%error, "an operator's command ended early");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the operator's socket failed");
                return;
            }
        }
    }
}

/// Reads one command, and answers it.
pub(crate) async fn converse(
    stream: UnixStream,
    answer: impl AsyncFnOnce(&str) -> Value,
) -> anyhow::Result<()> {
    let (read, mut write) = stream.into_split();
    // With its room from the start: a text that grows leaves copies behind.
    let mut line = Zeroizing::new(String::with_capacity(4096));
    let mut read = AsyncBufReader::new(read.take(COMMAND_BYTES_MAX));
    timeout(PATIENCE, read.read_line(&mut line)).await??;
    let answer = answer(&line).await;
    write.write_all(format!("{answer}\n").as_bytes()).await?;
    Ok(())
}

async fn perform(house: &House, line: &str) -> Value {
    let command = match serde_json::from_str::<Command>(line) {
        Ok(command) => command,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    done(house, command).await
}

async fn done(house: &House, command: Command) -> Value {
    match run(house, command).await {
        Ok(answer) => json!({ "answer": answer }),
        Err(error) => {
            json!({ "error": error.source_text().unwrap_or_else(|| error.message.into_owned()) })
        }
    }
}

/// Has a command done, by the server or, if there is none, here.
pub(crate) fn ask(data: &DataArgs, command: &Command) -> anyhow::Result<Value> {
    let data_dir = data.data_dir()?;
    if let Some(answer) = ask_running(&data_dir, command)? {
        return Ok(answer);
    }
    let config = data.config(&data_dir, SealArgs::of_environment())?;
    check_data(&data_dir)?;
    let line = serde_json::to_string(command)?;
    answered(&serve::with_data(&config, async |house| perform(house, &line).await)?)
}

/// Has a command done by the server that runs on this data. `None`: there is none.
pub(crate) fn ask_running(data_dir: &Path, command: &Command) -> anyhow::Result<Option<Value>> {
    let Ok(stream) = ClientStream::connect(socket_path(data_dir)) else { return Ok(None) };
    answered(&ask_server(stream, command)?).map(Some)
}

/// Has a command done in this process.
pub(crate) async fn ask_house(house: &House, command: Command) -> anyhow::Result<Value> {
    answered(&done(house, command).await)
}

/// Whether there is data, before anything is made where there is none.
pub(crate) fn check_data(data_dir: &Path) -> anyhow::Result<()> {
    if !data_dir.join(serve::DATABASE).exists() {
        bail!("there is no server and no data in {}", data_dir.display());
    }
    Ok(())
}

fn answered(reply: &Value) -> anyhow::Result<Value> {
    match (reply.get("answer"), reply.get("error").and_then(Value::as_str)) {
        (Some(answer), _) => Ok(answer.clone()),
        (None, Some(error)) => bail!("{error}"),
        (None, None) => bail!("the server's answer cannot be read"),
    }
}

fn ask_server(mut stream: ClientStream, command: &Command) -> anyhow::Result<Value> {
    let line = Zeroizing::new(serde_json::to_string(command)?);
    stream.write_all(line.as_bytes())?;
    stream.write_all(b"\n")?;
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply)?;
    serde_json::from_str(&reply).context("the server's answer cannot be read")
}
