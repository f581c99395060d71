//! The model itself keeps the contract.

use strongroom_store::memory::MemoryStore;

fn open() -> (MemoryStore, ()) {
    (MemoryStore::new(), ())
}

strongroom_store::engine_tests!(open);
