//! The log from outside: what it acknowledged is there whatever happens to the process or the file's end, and what was
//! changed is noticed.

#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::future::Future;
use std::path::{Path, PathBuf};
use strongroom_audit::{AuditError, AuditLog, Options, Reader, verify};
use tempfile::TempDir;

fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(directory: &Path) -> AuditLog {
    AuditLog::open(directory, Options::default()).unwrap().0
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn append(log: &AuditLog, event: &str) {
    block_on(log.append(event.as_bytes())).unwrap();
}

fn read(directory: &Path) -> Vec<(u64, String)> {
    let mut reader = Reader::from(directory, 1).unwrap();
    std::iter::from_fn(|| reader.next_event().unwrap())
        .map(|event| (event.sequence, String::from_utf8(event.bytes).unwrap()))
        .collect()
}

fn numbered(count: u64) -> Vec<(u64, String)> {
    (1..=count).map(|number| (number, format!("event {number}"))).collect()
}

fn write_numbered(directory: &Path, from: u64, to: u64) {
    let log = open(directory);
    for number in from..=to {
        append(&log, &format!("event {number}"));
    }
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "audit"))
        .collect();
    files.sort();
    files
}

/// The directory as a crash would leave it: the last file cut off or filled with something else.
fn image(of: &Path, last_file: &[u8]) -> TempDir {
    let copy = directory();
    let files = files(of);
    for file in &files {
        std::fs::copy(file, copy.path().join(file.file_name().unwrap())).unwrap();
    }
    let last = files.last().unwrap().file_name().unwrap();
    std::fs::write(copy.path().join(last), last_file).unwrap();
    copy
}

#[test]
fn events_are_numbered_from_one_and_go_on_after_reopening() {
    let kept = directory();
    write_numbered(kept.path(), 1, 3);
    write_numbered(kept.path(), 4, 5);
    write_numbered(kept.path(), 6, 6);
    assert_eq!(read(kept.path()), numbered(6));
    assert_eq!(verify(kept.path()).unwrap().events, 6);
}

#[test]
fn an_empty_log_opens_reads_and_verifies() {
    let kept = directory();
    drop(open(kept.path()));
    drop(open(kept.path()));
    assert!(read(kept.path()).is_empty());
    assert_eq!(verify(kept.path()).unwrap().events, 0);
}

#[test]
fn a_file_torn_at_any_byte_keeps_every_whole_frame() {
    let kept = directory();
    write_numbered(kept.path(), 1, 4);
    let whole = std::fs::read(files(kept.path()).last().unwrap()).unwrap();
    let mut counts = Vec::new();
    for cut in 0..=whole.len() {
        // What a crash leaves of a prepared file: what was written, then zeros.
        let mut torn = whole[..cut].to_vec();
        torn.resize(whole.len() + 4096, 0);
        let image = image(kept.path(), &torn);
        let log = open(image.path());
        let before = read(image.path()).len();
        append(&log, "after the crash");
        drop(log);
        let events = read(image.path());
        assert_eq!(events.len(), before + 1, "cut at {cut}");
        assert_eq!(events[..before], numbered(u64::try_from(before).unwrap()));
        assert_eq!(events[before].1, "after the crash");
        verify(image.path()).unwrap();
        counts.push(before);
    }
    assert!(counts.is_sorted());
    assert_eq!((counts[0], counts[whole.len()]), (0, 4));
}

#[test]
fn an_edit_anywhere_but_in_the_last_frame_is_noticed() {
    let kept = directory();
    write_numbered(kept.path(), 1, 3);
    let whole = std::fs::read(files(kept.path()).last().unwrap()).unwrap();
    let last_frame = whole.len() - whole.len() / 3;
    for place in 0..whole.len() {
        let mut edited = whole.clone();
        edited[place] ^= 0x20;
        let image = image(kept.path(), &edited);
        let opened = AuditLog::open(image.path(), Options::default());
        if place < last_frame {
            assert!(verify(image.path()).is_err(), "byte {place}");
            assert!(matches!(opened, Err(AuditError::Damaged { .. })), "byte {place}");
        } else {
            // Like a torn write: nobody was told of a frame that is not whole.
            assert!(opened.is_ok(), "byte {place}");
            assert_eq!(read(image.path()), numbered(2), "byte {place}");
        }
    }
}

#[test]
fn reading_goes_on_behind_damage_and_tells_of_it() {
    let original = directory();
    write_numbered(original.path(), 1, 5);
    write_numbered(original.path(), 6, 9);
    let files = files(original.path());
    let first = std::fs::read(&files[0]).unwrap();
    let second_event = first.windows(7).position(|bytes| bytes == b"event 2").unwrap();
    let last_event = first.windows(7).position(|bytes| bytes == b"event 5").unwrap();
    for (place, lost) in [(second_event, 2), (last_event, 5)] {
        let mut damaged = first.clone();
        damaged[place] ^= 1;
        std::fs::write(&files[0], &damaged).unwrap();
        let mut reader = Reader::from(original.path(), 1).unwrap();
        let mut told = Vec::new();
        loop {
            match reader.next_event() {
                Ok(Some(event)) => told.push(event.sequence),
                Ok(None) => break,
                Err(AuditError::Damaged { .. }) => told.push(0),
                Err(other) => panic!("{other}"),
            }
        }
        let expected: Vec<_> = (1..=9).map(|n| if n == lost { 0 } else { n }).collect();
        assert_eq!(told, expected);
    }
}

#[test]
fn a_missing_or_exchanged_file_is_noticed() {
    let kept = directory();
    for round in 0..3 {
        write_numbered(kept.path(), round * 2 + 1, round * 2 + 2);
    }
    let all = files(kept.path());
    assert_eq!(all.len(), 3);
    let contents: Vec<_> = all.iter().map(|file| std::fs::read(file).unwrap()).collect();
    std::fs::remove_file(&all[1]).unwrap();
    assert!(verify(kept.path()).is_err(), "the middle is missing");
    std::fs::write(&all[1], &contents[0]).unwrap();
    assert!(verify(kept.path()).is_err(), "another file in its place");
    std::fs::write(&all[1], &contents[1]).unwrap();
    assert_eq!(verify(kept.path()).unwrap().events, 6);
}

#[test]
fn the_log_goes_on_in_new_files_and_large_events_fit() {
    let kept = directory();
    let options = Options {
        first_segment_bytes: 256 * 1024,
        segment_bytes_max: 256 * 1024,
        ..Options::default()
    };
    let (log, _) = AuditLog::open(kept.path(), options).unwrap();
    let event = |number: usize| format!("{number} {}", "x".repeat(number * 1013 % 60_000));
    for number in 0..60 {
        append(&log, &event(number));
    }
    let large = "y".repeat(3 * 1024 * 1024);
    append(&log, &large);
    append(&log, "behind the large one");
    drop(log);
    assert!(files(kept.path()).len() > 3);
    let events = read(kept.path());
    assert_eq!(events.len(), 62);
    assert!((0..60).all(|number| events[number].1 == event(number)));
    assert_eq!((events[60].1.as_str(), events[61].1.as_str()), (&*large, "behind the large one"));
    verify(kept.path()).unwrap();
    drop(AuditLog::open(kept.path(), options).unwrap());
    assert_eq!(read(kept.path()).len(), 62);
}

#[test]
fn the_tail_is_the_newest_events_and_what_follows() {
    let kept = directory();
    let log = open(kept.path());
    for number in 1..=9 {
        append(&log, &format!("event {number}"));
    }
    let mut reader = Reader::tail(kept.path(), 2).unwrap();
    let mut next = || reader.next_event().unwrap().map(|event| event.sequence);
    assert_eq!((next(), next(), next()), (Some(8), Some(9), None));
    append(&log, "event 10");
    assert_eq!((next(), next()), (Some(10), None));
    drop(log);
    write_numbered(kept.path(), 11, 11);
    assert_eq!((next(), next()), (Some(11), None));
    assert_eq!(Reader::tail(kept.path(), 100).unwrap().next_event().unwrap().unwrap().sequence, 1);
    assert!(Reader::tail(kept.path(), 0).unwrap().next_event().unwrap().is_none());
}

#[test]
fn how_far_the_outbox_has_come_is_remembered() {
    let kept = directory();
    let through = || AuditLog::open(kept.path(), Options::default()).unwrap().1.outbox_through;
    assert_eq!(through(), 0);
    let log = open(kept.path());
    block_on(log.append_outbox(&[(7, b"seven"), (9, b"nine")])).unwrap();
    append(&log, "a read");
    drop(log);
    assert_eq!(through(), 9);
    assert_eq!(through(), 9, "opening changes nothing");
    let events: Vec<_> = read(kept.path()).into_iter().map(|(_, event)| event).collect();
    assert_eq!(events, ["seven", "nine", "a read"]);
}

#[test]
fn many_tasks_are_woken_with_and_without_the_ringer() {
    for workers in [1, 2] {
        for has_ringer in [false, true] {
            let kept = directory();
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(workers)
                .enable_all()
                .build()
                .unwrap();
            let log = std::sync::Arc::new(open(kept.path()));
            log.gather(16);
            runtime.block_on(async {
                let ringer =
                    has_ringer.then(|| tokio::spawn(log.ring().run(tokio::task::yield_now)));
                let tasks: Vec<_> = (0..100)
                    .map(|task| {
                        let log = std::sync::Arc::clone(&log);
                        tokio::spawn(async move {
                            for round in 0..10 {
                                log.append(format!("{task} {round}").as_bytes()).await.unwrap();
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
                if let Some(ringer) = ringer {
                    ringer.abort();
                }
            });
            drop(log);
            let mut events: Vec<_> =
                read(kept.path()).into_iter().map(|(_, event)| event).collect();
            events.sort();
            events.dedup();
            assert_eq!(events.len(), 1000);
        }
    }
}

#[test]
fn an_event_is_written_though_nobody_waits_for_it() {
    let kept = directory();
    let log = open(kept.path());
    drop(log.append(b"event 1"));
    drop(log.append(b"event 2"));
    drop(log);
    assert_eq!(read(kept.path()), numbered(2));
}

#[test]
fn too_many_waiting_events_are_refused() {
    let kept = directory();
    let options = Options { waiting_bytes_max: 1000, ..Options::default() };
    let (log, _) = AuditLog::open(kept.path(), options).unwrap();
    log.gather(u32::MAX);
    let appends: Vec<_> = (0..3).map(|_| log.append(&[b'x'; 1500])).collect();
    let outcomes: Vec<_> = appends.into_iter().map(block_on).collect();
    assert!(outcomes[0].is_ok());
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(AuditError::Overloaded))));
}

#[test]
fn events_of_tasks_that_are_ready_together_make_one_batch() {
    let kept = directory();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let log = std::sync::Arc::new(open(kept.path()));
    log.gather(u32::MAX);
    runtime.block_on(async {
        let ringer = tokio::spawn(log.ring().run(tokio::task::yield_now));
        let tasks: Vec<_> = (0..50)
            .map(|task| {
                let log = std::sync::Arc::clone(&log);
                tokio::spawn(async move { log.append(format!("{task}").as_bytes()).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        ringer.abort();
    });
    drop(log);
    assert_eq!(verify(kept.path()).unwrap().batches, 1);
}
