//! Files that hold key bytes: nobody else may read them, and they are never half written.

use super::SealError;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use zeroize::Zeroizing;

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> SealError {
    |error| SealError::Io { path: path.to_owned(), error }
}

/// The text of a regular file, or of a pipe as `/dev/fd/3` names one, of at most so many bytes.
pub(super) fn read(path: &Path, bytes_max: usize) -> Result<Zeroizing<String>, SealError> {
    let unfit = |what| SealError::Unfit { path: path.to_owned(), what };
    let file = File::open(path).map_err(failed(path))?;
    let about = file.metadata().map_err(failed(path))?;
    if !about.is_file() && !about.file_type().is_fifo() {
        return Err(unfit("neither a regular file nor a pipe"));
    }
    if about.mode() & 0o077 != 0 {
        return Err(unfit(
            "can be read by others: make it mode 0600, and replace what it holds, for it may be known",
        ));
    }
    // With its room from the start: a text that grows leaves copies behind.
    let room = bytes_max.saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(room.saturating_mul(2)));
    let limit = u64::try_from(room).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).map_err(failed(path))?;
    if bytes.len() > bytes_max {
        return Err(unfit("too long to be what it should be"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| unfit("not a text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Puts a text in the place of `path` in one step, durably: written to `aside`, synced, renamed.
pub(super) fn write(path: &Path, aside: &Path, text: &str) -> Result<(), SealError> {
    remove(aside)?;
    let options = OpenOptions::new().write(true).create_new(true).mode(0o600).to_owned();
    let mut file = options.open(aside).map_err(failed(aside))?;
    file.write_all(text.as_bytes()).map_err(failed(aside))?;
    file.sync_all().map_err(failed(aside))?;
    rename(aside, path)
}

/// Renames durably. What stood under the new name is gone.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), SealError> {
    std::fs::rename(from, to).map_err(failed(from))?;
    sync_directory(to)
}

/// Removes a file durably, if there is one.
pub(super) fn remove(path: &Path) -> Result<(), SealError> {
    match std::fs::remove_file(path) {
        Ok(()) => sync_directory(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(path)(error)),
    }
}

/// A directory that only its owner enters, made durably if it is not there.
pub(super) fn make_directory(path: &Path) -> Result<(), SealError> {
    if exists(path)? {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(failed(path))?;
    sync_directory(path)
}

/// Whether something stands there.
pub(super) fn exists(path: &Path) -> Result<bool, SealError> {
    path.try_exists().map_err(failed(path))
}

fn sync_directory(of: &Path) -> Result<(), SealError> {
    let parent = of.parent().filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    File::open(parent).and_then(|directory| directory.sync_all()).map_err(failed(parent))
}

/// Lower-case hexadecimal digits.
pub(super) fn push_hex(text: &mut String, bytes: &[u8]) {
    for nibble in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
    }
}

/// Exactly as many hexadecimal digits as fill the bytes.
pub(super) fn parse_hex(text: &str, bytes: &mut [u8]) -> Option<()> {
    if text.len() != bytes.len() * 2 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_others_can_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        write(&path, &directory.path().join("aside"), "text").unwrap();
        assert_eq!(*read(&path, 4).unwrap(), "text");
        assert!(read(&path, 3).is_err());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o660, 0o644, 0o610] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(read(&path, 4).is_err(), "{mode:o}");
        }
        assert!(read(directory.path(), 4).is_err());
    }

    #[test]
    fn hexadecimal_digits_are_read_as_they_are_written() {
        let mut text = String::new();
        push_hex(&mut text, &[0, 0x1f, 0xff]);
        assert_eq!(text, "001fff");
        let mut bytes = [0; 3];
        parse_hex(&text, &mut bytes).unwrap();
        assert_eq!(bytes, [0, 0x1f, 0xff]);
        for bad in ["", "001ff", "001fff0", "00+fff", "001ffg"] {
            assert!(parse_hex(bad, &mut bytes).is_none(), "{bad}");
        }
    }
}
