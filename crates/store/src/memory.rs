//! The contract over maps in memory: the obvious model that engines are compared with.
