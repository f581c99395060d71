//! Verification against AWS's published vectors, against AWS's own signer, and against mutations.

#[cfg(test)]
mod harness;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod signers;
#[cfg(test)]
mod vectors;
