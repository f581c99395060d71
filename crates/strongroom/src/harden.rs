//! What the process gives up before it holds a key: core dumps, being traced by other users, secrets in its environment.

use anyhow::Context;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use zeroize::Zeroizing;

/// No core dumps, and no other user may attach.
pub(crate) fn forbid_dumps() -> anyhow::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .context("cannot forbid core dumps")?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .context("cannot forbid dumps of this process")
}

/// As many open files as the operating system lets this process have. Answers how many.
pub(crate) fn raise_open_files() -> anyhow::Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .context("cannot raise the number of open files")?;
    Ok(maximum.unwrap_or(u64::MAX))
}

/// Set in a process that was started again with a secret on its standard input.
const INPUT_VARIABLE: &str = "STRONGROOM_SECRET_ON_INPUT";

/// Starts this program again in the same process without a variable: its value would stay in the environment, readable
/// in `/proc` and in every dump, as long as the process lives. Returns only if that fails.
pub(crate) fn restart_without(variable: &str) -> anyhow::Error {
    restart(variable, |_| Ok(()))
}

/// The same, where the value is needed later: it goes over in a pipe, and is [`input_of_restart`] then.
pub(crate) fn restart_with_input(variable: &str, value: &str) -> anyhow::Error {
    restart(variable, |command| {
        let (reader, mut writer) = std::io::pipe()?;
        // Far less than a pipe holds.
        writer.write_all(value.as_bytes())?;
        command.stdin(reader).env(INPUT_VARIABLE, "1");
        Ok(())
    })
}

/// What [`restart_with_input`] passed on.
pub(crate) fn input_of_restart() -> anyhow::Result<Option<Zeroizing<String>>> {
    if std::env::var_os(INPUT_VARIABLE).is_none() {
        return Ok(None);
    }
    // Past the standard library's buffer, which would keep it as long as the process lives.
    let mut input = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut value = Zeroizing::new(String::with_capacity(4096));
    input.read_to_string(&mut value).context("cannot read what was passed on")?;
    Ok(Some(value))
}

fn restart(
    without: &str,
    prepare: impl FnOnce(&mut Command) -> std::io::Result<()>,
) -> anyhow::Error {
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            return anyhow::Error::new(error).context("cannot find this program's own file");
        }
    };
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).env_remove(without);
    let error = match prepare(&mut command) {
        Ok(()) => command.exec(),
        Err(error) => error,
    };
    anyhow::Error::new(error)
        .context("cannot start again without the root credential in the environment")
}
