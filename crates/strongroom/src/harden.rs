//! What the process gives up before it holds a key: core dumps, being traced by other users, secrets in its environment.

use anyhow::Context;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use std::os::unix::process::CommandExt;
use std::process::Command;

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

/// Starts this program again in the same process without a variable: its value would stay in the environment, readable
/// in `/proc` and in every dump, as long as the process lives. Returns only if that fails.
pub(crate) fn restart_without(variable: &str) -> anyhow::Error {
    let program = std::env::current_exe();
    let program = match program {
        Ok(program) => program,
        Err(error) => {
            return anyhow::Error::new(error).context("cannot find this program's own file");
        }
    };
    let error = Command::new(program).args(std::env::args_os().skip(1)).env_remove(variable).exec();
    anyhow::Error::new(error)
        .context("cannot start again without the root credential in the environment")
}
