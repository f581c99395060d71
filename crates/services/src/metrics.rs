//! Counts of requests, as Prometheus text. Labels are closed sets: services, operations and outcomes, never names of
//! secrets.

use crate::SERVICES;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a request ended, for the label `outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered.
    Success,
    /// Refused: the caller's to mend.
    ClientError,
    /// Failed: the server's to mend.
    ServerError,
}

const OUTCOMES: [(Outcome, &str); 3] = [
    (Outcome::Success, "success"),
    (Outcome::ClientError, "client_error"),
    (Outcome::ServerError, "server_error"),
];

/// All counts. An operation has three, in the order of the services' and the operations' names.
#[derive(Debug)]
pub struct Metrics {
    requests: Vec<(&'static str, &'static str, [AtomicU64; 3])>,
    unidentified: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        let names =
            SERVICES.iter().flat_map(|service| service.operations.iter().map(|entry| entry.spec));
        let mut requests: Vec<_> =
            names.map(|spec| (spec.service, spec.name, Default::default())).collect();
        requests.sort_by_key(|(service, name, _)| (*service, *name));
        Self { requests, unidentified: AtomicU64::new(0) }
    }
}

impl Metrics {
    /// Counts a request; `None` for one that named no operation.
    pub(crate) fn count(&self, operation: Option<(&str, &str)>, outcome: Outcome) {
        let found = operation.and_then(|counted| {
            let place = self.requests.binary_search_by(|(of, name, _)| (*of, *name).cmp(&counted));
            self.requests.get(place.ok()?)
        });
        let counters = found.map(|(_, _, counters)| counters);
        let place = OUTCOMES.iter().position(|(known, _)| *known == outcome).unwrap_or(0);
        let counter =
            counters.and_then(|counters| counters.get(place)).unwrap_or(&self.unidentified);
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The text of `GET /metrics`.
    pub fn render(&self) -> String {
        let mut text = String::from(
            "# HELP strongroom_requests_total Requests by operation and outcome.\n# TYPE strongroom_requests_total counter\n",
        );
        for (service, operation, counters) in &self.requests {
            for ((_, outcome), counter) in OUTCOMES.iter().zip(counters) {
                let count = counter.load(Ordering::Relaxed);
                let line = writeln!(
                    text,
                    "strongroom_requests_total{{service=\"{service}\",operation=\"{operation}\",outcome=\"{outcome}\"}} {count}"
                );
                debug_assert!(line.is_ok(), "writing to a string does not fail");
            }
        }
        text.push_str(
            "# HELP strongroom_unidentified_requests_total Requests that named no operation.\n",
        );
        text.push_str("# TYPE strongroom_unidentified_requests_total counter\nstrongroom_unidentified_requests_total ");
        text.push_str(&self.unidentified.load(Ordering::Relaxed).to_string());
        text.push('\n');
        text
    }
}
