//! The operating system's randomness, through the one cryptography provider.

use claviger_resources::Random;

/// Random bytes from AWS-LC's generator.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, buffer: &mut [u8]) {
        // AWS-LC's generator aborts the process rather than fail, so there is no error to handle.
        let _ = aws_lc_rs::rand::fill(buffer);
    }
}

/// A source of randomness for one call.
pub(crate) fn system() -> Box<dyn Random> {
    Box::new(SystemRandom)
}
